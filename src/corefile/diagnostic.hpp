// What is wrong in a Corefile, and where: printed as `file:line: message`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nld::corefile {

struct Location {
  std::string file;        ///< as the user named it; "<default>" for the embedded one
  std::uint32_t line = 0;  ///< from 1
};

struct Diagnostic {
  Location where;
  std::string message;  ///< names the directive and what was expected; no final dot

  [[nodiscard]] std::string to_string() const {
    return where.file + ":" + std::to_string(where.line) + ": " + message;
  }
};

using Warnings = std::vector<Diagnostic>;

}  // namespace nld::corefile
