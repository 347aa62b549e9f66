// Keys and answers for the cache's tests.
#pragma once

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

/// The text stands for the wire bytes, so that a test can tell answers apart.
inline AnswerPtr answer_with(std::string_view text, Part part = Part::success, std::uint32_t ttl = 30,
                             runtime::TimePoint stored_at = kStart) {
  return Answer::make({.part = part, .ttl = ttl, .stored_at = stored_at, .extended_error = {}},
                      {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, {});
}

inline std::string text_of(const AnswerPtr& answer) {
  return answer ? std::string(answer->wire().begin(), answer->wire().end()) : "(none)";
}

}  // namespace nld::cache::test
