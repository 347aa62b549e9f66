// Every file of scenarios/ as a test.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "replay/scenario.hpp"

namespace {

std::vector<std::filesystem::path> scenarios() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(NLD_SCENARIOS)) {
    if (entry.path().extension() == ".replay") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

class Replay : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(Replay, Holds) {
  try {
    nld::replay::Scenario(GetParam()).run();
  } catch (const std::exception& difference) {
    FAIL() << difference.what();
  }
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Replay, testing::ValuesIn(scenarios()), [](const auto& file) {
  std::string name = file.param.stem().string();
  std::ranges::replace_if(
      name, [](char letter) { return !std::isalnum(static_cast<unsigned char>(letter)); }, '_');
  return name;
});

TEST(Replays, AreThere) {
  EXPECT_GE(scenarios().size(), 15U);
}

}  // namespace
