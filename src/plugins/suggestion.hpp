// "Did you mean": the known word nearest to a mistyped one.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace nld::plugins {

/// The word of `known` at most two edits (insert, delete, replace a character) away; the first of the
/// nearest. Words of up to two characters suggest nothing: everything would be near.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> known);

}  // namespace nld::plugins
