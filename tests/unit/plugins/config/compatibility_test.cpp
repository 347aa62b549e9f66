// docs/compatibility.md says of each directive what the program does with it.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>

#include "plugins/directives.hpp"

namespace nld::plugins::testing {
namespace {

/// Rows "| `name` | status | …" of the document.
std::map<std::string, std::string> documented() {
  std::map<std::string, std::string> out;
  std::ifstream file(NLD_SOURCE_DIR "/docs/compatibility.md");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `")) continue;
    const auto name_end = line.find('`', 3);
    const auto status = line.find("| ", name_end);
    const auto status_end = line.find(" |", status);
    if (status_end == std::string::npos) continue;
    const std::string name = line.substr(3, name_end - 3);
    EXPECT_FALSE(out.contains(name)) << name << " has two rows";
    out[name] = line.substr(status + 2, status_end - status - 2);
  }
  return out;
}

TEST(Compatibility, TheDocumentAndTheTableAgree) {
  std::map<std::string, std::string> known;
  for (const DirectiveInfo& info : directives()) {
    known[std::string(info.name)] = std::string(describe(info.support));
  }
  EXPECT_EQ(documented(), known);
}

TEST(Compatibility, OnlyWorkingDirectivesNeedNoNote) {
  for (const DirectiveInfo& info : directives()) {
    EXPECT_EQ(info.note.empty(), info.support == Support::works) << info.name;
    EXPECT_EQ(info.support == Support::works && info.setup == nullptr, false) << info.name;
  }
}

}  // namespace
}  // namespace nld::plugins::testing
