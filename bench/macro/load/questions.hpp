// The names that the load generator asks for, and in which order: the same in every run, so that servers
// compare.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace load {

enum class Order : std::uint8_t {
  cycle,    // every name once, scattered, then again
  uniform,  // any name, each as likely
  zipf,     // the k-th most popular name with a share of 1/k
  unique,   // never a name twice
};

/// A well mixed 64-bit number for each number (the finalizer of SplitMix64).
inline std::uint64_t mix(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15U;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31U);
}

/// Which of `names` names is the query with this number.
inline std::uint64_t name_of(Order order, std::uint64_t number, std::uint64_t names) {
  const auto scattered = [&](std::uint64_t rank) { return (rank * 7919) % names; };
  switch (order) {
    case Order::cycle:
      return scattered(number % names);
    case Order::uniform:
      return mix(number) % names;
    case Order::zipf: {
      // The inverse of the distribution function ln(k + 1) / ln(names + 1).
      const double share = static_cast<double>(mix(number) >> 11U) * 0x1p-53;
      const double rank = std::pow(static_cast<double>(names) + 1, share) - 1;
      return scattered(std::min(static_cast<std::uint64_t>(rank), names - 1));
    }
    case Order::unique:
      return number;
  }
  return 0;
}

/// Queries by number: PREFIX + eight digits + "." + SUFFIX, A, IN.
class Questions {
 public:
  Questions(std::string_view prefix, std::string_view suffix, Order order, std::uint64_t names)
      : order_(order), names_(names), digits_(kHeaderSize + 1 + prefix.size()) {
    if (prefix.size() > 50) throw std::invalid_argument("a prefix of more than 50 characters");
    query_ = {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};  // RD, one question
    add_label(std::string(prefix) + std::string(kDigits, '0'));
    for (std::string_view rest = suffix; !rest.empty();) {
      const auto dot = rest.find('.');
      add_label(rest.substr(0, dot));
      rest.remove_prefix(dot == std::string_view::npos ? rest.size() : dot + 1);
    }
    query_.insert(query_.end(), {0, 0, 1, 0, 1});  // root, A, IN
  }

  /// Valid until the next call.
  [[nodiscard]] std::span<const std::uint8_t> operator[](std::uint64_t number) {
    auto name = name_of(order_, number, names_);
    for (std::size_t i = kDigits; i-- > 0; name /= 10) {
      query_[digits_ + i] = static_cast<std::uint8_t>('0' + name % 10);
    }
    return query_;
  }

 private:
  static constexpr std::size_t kHeaderSize = 12;
  static constexpr std::size_t kDigits = 8;

  void add_label(std::string_view label) {
    query_.push_back(static_cast<std::uint8_t>(label.size()));
    query_.insert(query_.end(), label.begin(), label.end());
  }

  Order order_;
  std::uint64_t names_;
  std::size_t digits_;
  std::vector<std::uint8_t> query_;
};

}  // namespace load
