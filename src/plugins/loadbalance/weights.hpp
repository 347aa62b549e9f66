// Weights of addresses by name, as a file has them, and that file while it changes.
#pragma once

#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "dns/name.hpp"
#include "plugins/networks.hpp"

namespace nld::plugins {

/// Immutable once parsed.
class Weights {
 public:
  /// A name on a line of its own, then lines "ADDRESS WEIGHT"; '#' begins a comment line. The error names
  /// its line.
  static std::expected<std::shared_ptr<const Weights>, std::string> parse(std::string_view text);

  /// 1 for what the file does not name.
  [[nodiscard]] std::uint8_t weight_of(const dns::Name& name, const AddressNumber& address) const noexcept;
  [[nodiscard]] std::size_t names() const noexcept { return names_.size(); }

 private:
  struct Weight {
    AddressNumber address;
    std::uint8_t value;
  };
  boost::unordered_flat_map<dns::Name, std::vector<Weight>, dns::NameHash> names_;
};

/// What the workers share. One thread refreshes, any may read.
class WeightFile {
 public:
  WeightFile(std::filesystem::path path, std::shared_ptr<const Weights> first)
      : path_(std::move(path)), current_(std::move(first)) {}

  /// Reads the file when it has changed; false when it stays as it was. An error keeps the weights at hand.
  std::expected<bool, std::string> refresh();
  [[nodiscard]] std::shared_ptr<const Weights> current() const;
  /// Grows with every change, so that readers need the lock only then.
  [[nodiscard]] std::uint64_t version() const noexcept { return version_.load(std::memory_order_acquire); }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
  std::string text_;  // of the last read
  mutable std::mutex mutex_;
  std::shared_ptr<const Weights> current_;
  std::atomic<std::uint64_t> version_{1};
};

}  // namespace nld::plugins
