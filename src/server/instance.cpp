// One label before a fixed end.
#include "server/instance.hpp"

#include <algorithm>
#include <string>

namespace nld::server {
namespace {

const dns::Name& suffix() {
  static const dns::Name kName = *dns::Name::from_text("node-local-dns.bind.");
  return kName;
}

}  // namespace

std::optional<dns::Name> instance_name(std::string_view word) {
  const bool plain = !word.empty() && word.find_first_of(".\\") == word.npos;
  if (!plain) return std::nullopt;
  const auto name = dns::Name::from_text(std::string(word) + "." + suffix().to_text());
  return name ? std::optional(*name) : std::nullopt;
}

bool is_instance_name(dns::NameView name) {
  return dns::is_at_or_below(name, suffix().wire());
}

}  // namespace nld::server
