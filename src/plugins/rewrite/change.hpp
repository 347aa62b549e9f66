// One text made from another by a rule: prefix, suffix, substring, regular expression with groups.
#pragma once

#include <string>
#include <string_view>

#include "plugins/rewrite/config.hpp"

namespace nld::plugins::rewriting {

/// What `match` makes of `text` with TO `to`; nothing when it does not fit.
[[nodiscard]] std::optional<std::string> change(const NameMatch& match, std::string_view to,
                                                std::string_view text);
[[nodiscard]] std::optional<std::string> change(const re2::RE2& regex, std::string_view to,
                                                std::string_view text);

/// The groups that `to` names as {0}, {1} … {100}: how many different ones, and the highest number.
struct GroupUse {
  int count = 0;
  int highest = -1;
};
[[nodiscard]] GroupUse groups_used(std::string_view to);

}  // namespace nld::plugins::rewriting
