// The golden texts of rule sets: files beside this one, to be read next to docs/rules.md.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace nld::net {

/// Empty when there is no such file.
inline std::string golden(std::string_view name) {
  const auto folder = std::filesystem::path(NLD_SOURCE_DIR) / "tests/unit/net/rules/golden";
  const std::ifstream file(folder / (std::string(name) + ".txt"));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace nld::net
