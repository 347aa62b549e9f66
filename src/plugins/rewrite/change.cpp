// Replacing parts of texts, and filling in groups.
#include "plugins/rewrite/change.hpp"

#include <re2/re2.h>

#include <array>
#include <bitset>
#include <charconv>

namespace nld::plugins::rewriting {
namespace {

constexpr int kHighestGroup = 100;

/// The group that a "{N}" at the start of `text` names, and how many characters it takes; -1: none.
struct Reference {
  int group = -1;
  std::size_t size = 0;
};

Reference reference_at(std::string_view text) noexcept {
  const std::size_t close = text.find('}');
  if (close == std::string_view::npos || close < 2) return {};
  int group = 0;
  const auto [end, code] = std::from_chars(text.data() + 1, text.data() + close, group);
  const bool plain = text[1] != '-' && (text[1] != '0' || close == 2);
  if (code != std::errc() || end != text.data() + close || !plain || group > kHighestGroup) return {};
  return {group, close + 1};
}

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (std::size_t found = text.find(from); found != std::string_view::npos; found = text.find(from)) {
    out += text.substr(0, found);
    out += to;
    text.remove_prefix(found + from.size());
  }
  out += text;
  return out;
}

std::string join(std::string_view left, std::string_view right) {
  std::string out(left);
  out += right;
  return out;
}

}  // namespace

GroupUse groups_used(std::string_view to) {
  std::bitset<kHighestGroup + 1> used;
  GroupUse out;
  for (std::size_t at = to.find('{'); at != std::string_view::npos; at = to.find('{', at + 1)) {
    const Reference reference = reference_at(to.substr(at));
    if (reference.group < 0) continue;
    used.set(static_cast<std::size_t>(reference.group));
    out.highest = std::max(out.highest, reference.group);
  }
  out.count = static_cast<int>(used.count());
  return out;
}

std::optional<std::string> change(const re2::RE2& regex, std::string_view to, std::string_view text) {
  std::array<re2::StringPiece, kHighestGroup + 1> groups;
  const int count = std::min(regex.NumberOfCapturingGroups(), kHighestGroup) + 1;
  if (!regex.Match({text.data(), text.size()}, 0, text.size(), re2::RE2::UNANCHORED, groups.data(), count)) {
    return std::nullopt;
  }
  std::string out;
  while (!to.empty()) {
    const Reference reference = to.front() == '{' ? reference_at(to) : Reference{};
    if (reference.group >= 0 && reference.group < count) {
      const re2::StringPiece& group = groups[static_cast<std::size_t>(reference.group)];
      if (group.data() != nullptr) out.append(group.data(), group.size());
      to.remove_prefix(reference.size);
    } else {
      out += to.front();
      to.remove_prefix(1);
    }
  }
  return out;
}

std::optional<std::string> change(const NameMatch& match, std::string_view to, std::string_view text) {
  const std::string_view from = match.text;
  switch (match.kind) {
    case MatchKind::exact:
      if (text == from) return std::string(to);
      break;
    case MatchKind::prefix:
      if (text.starts_with(from)) return join(to, text.substr(from.size()));
      break;
    case MatchKind::suffix:
      if (text.ends_with(from)) return join(text.substr(0, text.size() - from.size()), to);
      break;
    case MatchKind::substring:
      if (text.find(from) != std::string_view::npos) return replace_all(text, from, to);
      break;
    case MatchKind::regex:
      return change(*match.regex, to, text);
  }
  return std::nullopt;
}

}  // namespace nld::plugins::rewriting
