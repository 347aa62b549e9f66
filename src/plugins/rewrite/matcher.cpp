// Filling the indexes, and asking them all for the lowest rule.
#include "plugins/rewrite/matcher.hpp"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace nld::plugins::rewriting {
namespace {

/// Shorter strings are in nearly every name: no use in looking for them.
constexpr int kShortestAtom = 3;

/// Strings one of which is in every text that `regex` fits; empty: there are none such.
std::vector<std::string> necessary_strings(const re2::RE2& regex) {
  re2::FilteredRE2 filter(kShortestAtom);
  int id = 0;
  if (filter.Add(regex.pattern(), re2::RE2::Options(re2::RE2::Quiet), &id) != re2::RE2::NoError) return {};
  std::vector<std::string> atoms;
  filter.Compile(&atoms);
  std::vector<int> potential;
  filter.AllPotentials({}, &potential);
  if (atoms.empty() || !potential.empty()) return {};
  // One that cannot be missing is enough, and better than several that could: the longest is the rarest.
  std::vector<int> all(atoms.size());
  std::iota(all.begin(), all.end(), 0);
  const std::string* longest = nullptr;
  for (std::size_t at = 0; at < atoms.size(); ++at) {
    std::vector<int> others = all;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(at));
    filter.AllPotentials(others, &potential);
    if (potential.empty() && (longest == nullptr || atoms[at].size() > longest->size())) longest = &atoms[at];
  }
  if (longest != nullptr) return {*longest};
  return atoms;
}

}  // namespace

NameMatcher::Behind& NameMatcher::behind(std::uint32_t literal) {
  if (literal >= behind_.size()) behind_.resize(literal + 1);
  return behind_[literal];
}

void NameMatcher::add(const NameMatch& match, std::uint32_t rule) {
  needs_text_ = needs_text_ || match.kind != MatchKind::exact;
  switch (match.kind) {
    case MatchKind::exact:
      exact_[match.name].push_back(rule);
      break;
    case MatchKind::prefix:
      prefixes_.add(match.text, rule);
      break;
    case MatchKind::suffix:
      suffixes_.add(match.text, rule);
      break;
    case MatchKind::substring:
      behind(literals_.add(match.text)).rules.push_back(rule);
      break;
    case MatchKind::regex: {
      const auto index = static_cast<std::uint32_t>(regexes_.size());
      regexes_.push_back({.regex = match.regex, .rule = rule});
      const std::vector<std::string> strings = necessary_strings(*match.regex);
      for (const std::string& string : strings) behind(literals_.add(string)).regexes.push_back(index);
      if (strings.empty()) unfiltered_.push_back(index);
      break;
    }
  }
}

void NameMatcher::build() {
  literals_.build();
}

std::uint32_t NameMatcher::first_of(const std::vector<std::uint32_t>& regexes, std::string_view text,
                                    std::uint32_t from, std::uint32_t best) const noexcept {
  const auto begin = std::ranges::lower_bound(regexes, from, {},
                                              [this](std::uint32_t index) { return regexes_[index].rule; });
  for (auto index = begin; index != regexes.end() && regexes_[*index].rule < best; ++index) {
    const RegexRule& candidate = regexes_[*index];
    if (candidate.regex->Match({text.data(), text.size()}, 0, text.size(), re2::RE2::UNANCHORED, nullptr,
                               0)) {
      return candidate.rule;
    }
  }
  return best;
}

std::uint32_t NameMatcher::first(dns::NameView name, std::uint32_t from) const noexcept {
  std::uint32_t best = kNone;
  const auto lowest = [from, &best](const std::vector<std::uint32_t>& rules) {
    const auto rule = std::ranges::lower_bound(rules, from);
    if (rule != rules.end()) best = std::min(best, *rule);
  };
  if (!exact_.empty()) {
    const auto found = exact_.find(dns::Name::copy_of(name));
    if (found != exact_.end()) lowest(found->second);
  }
  if (!needs_text_) return best;

  std::array<std::uint8_t, dns::kMaxNameSize> lower;
  dns::lower_into(name, lower);
  std::array<char, dns::kMaxNameText> space;
  const std::string_view text = dns::to_text(dns::NameView(lower).first(name.size()), space);
  if (!prefixes_.empty()) best = prefixes_.first(text, from, best);
  if (!suffixes_.empty()) best = suffixes_.first(text, from, best);
  if (!literals_.empty()) {
    literals_.search(text, [&](std::uint32_t literal) {
      lowest(behind_[literal].rules);
      best = first_of(behind_[literal].regexes, text, from, best);
    });
  }
  return first_of(unfiltered_, text, from, best);
}

}  // namespace nld::plugins::rewriting
