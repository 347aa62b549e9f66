// Parsing a file of weights.
#include "plugins/loadbalance/weights.hpp"

#include <charconv>
#include <optional>

#include "corefile/syntax.hpp"

namespace nld::plugins {
namespace {

constexpr std::string_view kBlank = " \t\r\v\f";

/// The next word of the line; empty at its end.
std::string_view take_word(std::string_view& line) noexcept {
  const std::size_t begin = line.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return line = {};
  line.remove_prefix(begin);
  const std::string_view word = line.substr(0, line.find_first_of(kBlank));
  line.remove_prefix(word.size());
  return word;
}

std::optional<std::uint8_t> parse_weight(std::string_view text) noexcept {
  std::uint8_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0) return std::nullopt;
  return value;
}

std::unexpected<std::string> wrong(std::size_t line, std::string_view what, std::string_view value,
                                   std::string_view expected) {
  return std::unexpected("line " + std::to_string(line) + ": " + std::string(what) + " '" +
                         std::string(value) + "' is wrong, expected " + std::string(expected));
}

}  // namespace

std::expected<std::shared_ptr<const Weights>, std::string> Weights::parse(std::string_view text) {
  auto weights = std::make_shared<Weights>();
  std::optional<dns::Name> name;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::string_view first = take_word(line);
    if (first.empty() || first.starts_with('#')) continue;
    const std::string_view second = take_word(line);
    const std::string_view more = take_word(line);
    if (!more.empty()) return wrong(number, "word", more, "a name alone, or an address and its weight");
    const auto address = runtime::SocketAddress::from_ip(first, 0);
    if (second.empty()) {
      const auto parsed = dns::Name::from_text(first);
      if (address || !parsed)
        return wrong(number, "name", first, "a domain name, or an address and its weight");
      name = parsed->lowered();
      weights->names_[*name];
      continue;
    }
    const auto weight = parse_weight(second);
    if (!address) return wrong(number, "address", first, "an IP address");
    if (!weight) return wrong(number, "weight", second, "a number from 1 to 255");
    if (!name) return wrong(number, "address", first, "a domain name before the first address");
    weights->names_[*name].push_back({AddressNumber::of(*address), *weight});
  }
  return weights;
}

std::uint8_t Weights::weight_of(const dns::Name& name, const AddressNumber& address) const noexcept {
  const auto found = names_.find(name);
  if (found == names_.end()) return 1;
  for (const Weight& weight : found->second) {
    if (weight.address == address) return weight.value;
  }
  return 1;
}

std::expected<bool, std::string> WeightFile::refresh() {
  auto text = corefile::real_surroundings().read_file(path_);
  if (!text) return std::unexpected(std::move(text).error());
  if (*text == text_) return false;
  auto weights = Weights::parse(*text);
  text_ = *std::move(text);  // a wrong file is reported once, not every time
  if (!weights) return std::unexpected(std::move(weights).error());
  const std::scoped_lock lock(mutex_);
  current_ = *std::move(weights);
  version_.fetch_add(1, std::memory_order_release);
  return true;
}

std::shared_ptr<const Weights> WeightFile::current() const {
  const std::scoped_lock lock(mutex_);
  return current_;
}

}  // namespace nld::plugins
