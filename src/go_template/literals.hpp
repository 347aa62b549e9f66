// Strings, characters and numbers as Go writes them.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace nld::go_template {

struct Literal {
  std::size_t size = 0;             ///< characters read
  std::optional<std::string> text;  ///< of a string
  std::int64_t number = 0;          ///< of a number or character
};

/// Each reads the literal at the start of `text`, whose first character says its kind.
std::expected<Literal, std::string> read_integer(std::string_view text);
std::expected<Literal, std::string> read_string(std::string_view text);
std::expected<Literal, std::string> read_character(std::string_view text);

}  // namespace nld::go_template
