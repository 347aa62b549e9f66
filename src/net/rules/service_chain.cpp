// The names that kube-proxy gives its chains, computed as it does.
#include <cstdint>
#include <string>
#include <string_view>

#include "net/rules/rule_set.hpp"
#include "runtime/sha2.hpp"

namespace nld::net {
namespace {

constexpr std::string_view kPrefix = "KUBE-SVC-";
constexpr std::size_t kHashCharacters = 16;
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";  // RFC 4648, section 6
constexpr unsigned kBitsPerCharacter = 5;

}  // namespace

std::string service_chain(std::string_view space, std::string_view name, std::string_view port,
                          std::string_view protocol) {
  std::string text;
  text.append(space).append("/").append(name);
  if (!port.empty()) text.append(":").append(port);
  text.append(protocol);

  const auto digest = runtime::sha256(text);

  std::string chain(kPrefix);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (std::size_t byte = 0; chain.size() < kPrefix.size() + kHashCharacters;) {
    if (held < kBitsPerCharacter) {
      bits = (bits << 8U) | digest.at(byte++);
      held += 8;
    }
    held -= kBitsPerCharacter;
    chain.push_back(kBase32[(bits >> held) & 31U]);
  }
  return chain;
}

}  // namespace nld::net
