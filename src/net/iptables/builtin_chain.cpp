// Deletions first, then insertions from the last to the first, each next to a rule of ours that stays.
#include "net/iptables/builtin_chain.hpp"

#include <algorithm>
#include <ranges>

#include "net/iptables/rule_spec.hpp"

namespace nld::net {
namespace {

/// A wanted rule, and the copy of it that stays.
struct Wanted {
  std::string spec;
  std::string form;
  std::optional<std::size_t> at;
};

std::vector<Wanted> distinct(const std::vector<std::string>& specs) {
  std::vector<Wanted> list;
  for (const std::string& spec : specs) {
    std::string form = normal_form(spec);
    const bool known = std::ranges::find(list, form, &Wanted::form) != list.end();
    if (!known) list.push_back({.spec = spec, .form = std::move(form), .at = std::nullopt});
  }
  return list;
}

/// Of the rules that are there, the most that are in order already: the others move.
std::vector<bool> longest_in_order(const std::vector<Wanted>& wanted) {
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::vector<std::size_t> length(wanted.size(), 0);
  std::vector<std::size_t> before(wanted.size(), kNone);
  std::size_t last = kNone;
  for (std::size_t index = 0; index < wanted.size(); ++index) {
    if (!wanted[index].at) continue;
    length[index] = 1;
    for (std::size_t earlier = 0; earlier < index; ++earlier) {
      const bool in_order = wanted[earlier].at && *wanted[earlier].at < *wanted[index].at;
      if (in_order && length[earlier] >= length[index]) {
        length[index] = length[earlier] + 1;
        before[index] = earlier;
      }
    }
    // Of equally long ones the one that stands first, before the rules of others.
    const bool sooner =
        last != kNone && length[index] == length[last] && *wanted[index].at < *wanted[last].at;
    if (last == kNone || length[index] > length[last] || sooner) last = index;
  }
  std::vector<bool> stays(wanted.size(), false);
  for (; last != kNone; last = before[last]) stays[last] = true;
  return stays;
}

}  // namespace

std::vector<ChainEdit> edit_chain(const std::vector<std::string>& wanted,
                                  const std::vector<std::string>& present,
                                  const std::function<bool(const std::string& spec)>& ours) {
  std::vector<ChainEdit> edits;
  std::vector<Wanted> list = distinct(wanted);
  std::vector<bool> goes(present.size(), false);
  const auto remove = [&](std::size_t at, Fault fault) {
    goes[at] = true;
    edits.push_back({.remove = true, .position = 0, .spec = present[at], .fault = fault});
  };

  // Deleting takes the first of equal rules, so it is the last copy that stays. Deletions follow the order of
  // the chain for the same reason.
  std::vector<std::size_t> which(present.size(), list.size());
  for (std::size_t at = 0; at < present.size() && !list.empty(); ++at) {
    const auto one = std::ranges::find(list, normal_form(present[at]), &Wanted::form);
    which[at] = static_cast<std::size_t>(one - list.begin());
    if (one != list.end()) one->at = at;
  }
  const std::vector<bool> stays = longest_in_order(list);
  for (std::size_t at = 0; at < present.size(); ++at) {
    if (which[at] == list.size()) {
      if (ours(present[at])) remove(at, Fault::stale);
    } else if (*list[which[at]].at != at) {
      remove(at, Fault::duplicated);
    } else if (!stays[which[at]]) {
      remove(at, Fault::out_of_order);
    }
  }

  // Where the rules that stay are once the deletions are done.
  const auto position = [&](std::size_t at) {
    return 1 + static_cast<std::size_t>(std::ranges::count(goes | std::views::take(at), false));
  };
  std::size_t next = 1;
  for (std::size_t index = 0; index < list.size(); ++index) {
    if (stays[index]) next = position(*list[index].at) + 1;
  }
  for (std::size_t index = list.size(); index-- > 0;) {
    if (stays[index]) {
      next = position(*list[index].at);
      continue;
    }
    const bool moved = list[index].at.has_value();
    edits.push_back({.remove = false,
                     .position = next,
                     .spec = list[index].spec,
                     .fault = moved ? std::nullopt : std::optional(Fault::missing)});
  }
  return edits;
}

}  // namespace nld::net
