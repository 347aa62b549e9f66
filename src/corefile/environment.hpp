// Environment references in tokens: {$NAME} and {%NAME%}.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace nld::corefile {

using Environment = std::function<std::optional<std::string>(std::string_view name)>;

/// Replaces each reference by its value, an unset one by nothing, until none is left: values may hold
/// references, as with Caddy. An error when that does not end or the result grows past kMaxExpandedToken.
/// Idempotent. `{$}` and a reference without an end stay as they stand.
std::expected<std::string, std::string> expand_environment(std::string_view text,
                                                           const Environment& environment);

}  // namespace nld::corefile
