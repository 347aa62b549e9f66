// TXT records of class CH.
#include "plugins/chaos/chaos.hpp"

#include <algorithm>
#include <array>

#include "plugins/own_answer.hpp"

namespace nld::plugins {
namespace {

using pipeline::Verdict;

bool add_text(dns::MessageBuilder& builder, dns::NameView owner, std::string_view text) noexcept {
  std::array<std::uint8_t, 256> rdata;
  rdata[0] = static_cast<std::uint8_t>(text.size());
  std::ranges::copy(text, rdata.begin() + 1);
  return builder.add_record(dns::Section::answer, owner, dns::RRType::TXT, dns::RRClass::CH, 0,
                            dns::Bytes(rdata).first(1 + text.size()));
}

}  // namespace

Verdict ChaosPlugin::handle(pipeline::Request& request, pipeline::Reply& reply) {
  const dns::Query& query = request.query;
  if (query.cls != dns::RRClass::CH || query.type != dns::RRType::TXT) return Verdict::pass;
  const std::string asked = dns::Name::copy_of(query.name).lowered().to_text();
  OwnAnswer answer(query);
  if (asked == "authors.bind.") {
    // Another order each time, as CoreDNS has it: no author is always first.
    for (std::size_t left = config_.authors.size(); left > 1; --left) {
      std::swap(config_.authors[left - 1], config_.authors[random_.below(left)]);
    }
    for (const std::string& author : config_.authors) {
      if (!add_text(answer.builder(), query.name, author)) break;
    }
  } else if (asked == "version.bind." || asked == "version.server.") {
    add_text(answer.builder(), query.name, config_.version);
  } else if (asked == "hostname.bind." || asked == "id.server.") {
    add_text(answer.builder(), query.name, config_.hostname);
  } else {
    return Verdict::pass;
  }
  answer.give(dns::Rcode::NOERROR, request, reply, name());
  return Verdict::answered;
}

}  // namespace nld::plugins
