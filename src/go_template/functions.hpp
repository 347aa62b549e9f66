// The functions that templates may call: Go's own, and CoreDNS's parseInt.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "go_template/value.hpp"

namespace nld::go_template {

using Outcome = std::expected<Value, std::string>;
using Arguments = std::span<const Value>;

struct Function {
  std::string_view name;
  std::size_t least = 0;  ///< arguments
  std::size_t most = 0;
  Outcome (*call)(Arguments arguments) = nullptr;  ///< null: `and` and `or`, which stop early
};

/// Null: there is none of that name.
const Function* find_function(std::string_view name) noexcept;
/// "and, eq, …": for an error message.
std::string function_names();

/// fmt.Sprintf for the verbs b c d o q s t v x X, with flags, width and precision.
std::expected<std::string, std::string> format(std::string_view layout, Arguments arguments);

/// No string that a template makes is longer.
constexpr std::size_t kMaxString = 65536;

}  // namespace nld::go_template
