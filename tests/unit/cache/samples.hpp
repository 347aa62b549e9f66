// Keys and answers for the cache's tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cache/answer.hpp"
#include "cache/key.hpp"

namespace nld::cache::test {

inline const KeyHasher kHasher{1};

inline std::vector<std::uint8_t> wire_name(std::string_view dotted) {
  std::vector<std::uint8_t> wire;
  while (!dotted.empty()) {
    const auto label = dotted.substr(0, dotted.find('.'));
    wire.push_back(static_cast<std::uint8_t>(label.size()));
    wire.insert(wire.end(), label.begin(), label.end());
    dotted.remove_prefix(std::min(label.size() + 1, dotted.size()));
  }
  wire.push_back(0);
  return wire;
}

inline Key key_for(std::string_view dotted, dns::RRType type = dns::RRType::A) {
  return {kHasher, wire_name(dotted), type, dns::RRClass::IN, false, false};
}
inline Key key_number(std::size_t number) {
  return key_for("n" + std::to_string(number) + ".example");
}

constexpr runtime::TimePoint kStart{std::chrono::hours(1000)};

/// An answer to the key's question, as a table takes it. The text behind the question tells answers apart.
inline AnswerPtr entry_with(const Key& key, std::string_view text, Part part = Part::success,
                            std::uint32_t ttl = 30, runtime::TimePoint stored_at = kStart) {
  const KeyView view = key.view();
  std::vector<std::uint8_t> wire(dns::kHeaderSize + view.question.size() + text.size());
  wire[5] = 1;  // QDCOUNT
  const auto behind = std::ranges::copy(view.question, wire.begin() + dns::kHeaderSize).out;
  std::ranges::copy(text, behind);
  return Answer::entry(Answer::make({.part = part, .extended_error = {}}, wire, {}), key, ttl, stored_at);
}
inline AnswerPtr answer_with(std::string_view text, Part part = Part::success, std::uint32_t ttl = 30,
                             runtime::TimePoint stored_at = kStart) {
  return entry_with(key_for("www.example"), text, part, ttl, stored_at);
}

inline std::string text_of(const AnswerPtr& answer) {
  if (!answer) return "(none)";
  const auto text = answer->wire().subspan(dns::kHeaderSize + answer->key().question.size());
  return {text.begin(), text.end()};
}

}  // namespace nld::cache::test
