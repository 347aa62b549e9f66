// The options of an OPT record (RFC 6891 §6.1.2): code, length, data, again and again.
#include "dns/edns.hpp"

namespace nld::dns {
namespace {
constexpr std::size_t kOptionHeader = 4;
}

std::optional<EdnsOption> next_option(Bytes& rest) noexcept {
  if (rest.size() < kOptionHeader) return std::nullopt;
  const std::size_t size = get16(rest, 2);
  if (rest.size() - kOptionHeader < size) return std::nullopt;
  const EdnsOption option{static_cast<OptionCode>(get16(rest, 0)), rest.subspan(kOptionHeader, size)};
  rest = rest.subspan(kOptionHeader + size);
  return option;
}

std::optional<Bytes> find_option(Bytes options, OptionCode code) noexcept {
  while (const auto option = next_option(options)) {
    if (option->code == code) return option->data;
  }
  return std::nullopt;
}

bool options_well_formed(Bytes rdata) noexcept {
  while (next_option(rdata)) {
  }
  return rdata.empty();
}

}  // namespace nld::dns
