// What the table knows of a name or an address, as a reply.
#include "plugins/hosts/hosts.hpp"

#include "dns/builder.hpp"
#include "plugins/built_answer.hpp"
#include "plugins/zone_list.hpp"

namespace nld::plugins {
namespace {

using dns::RRType;
using pipeline::Reply;
using pipeline::Request;
using pipeline::Verdict;

/// A list that blocks names has thousands at one address: no client wants all of them in one answer.
constexpr std::size_t kMostRecords = 256;
/// As many names of the longest kind fit.
constexpr std::size_t kMessageRoom = dns::kMaxMessageSize;
/// What nearly every answer fits in, on the stack.
constexpr std::size_t kUsualRoom = 1024;

}  // namespace

HostsPlugin::HostsPlugin(std::shared_ptr<const HostsFile> file) : file_(std::move(file)) {}

const HostsTable& HostsPlugin::table() {
  if (const std::uint64_t version = file_->version(); version != version_) {
    table_ = file_->table();
    version_ = version;
  }
  return *table_;
}

template <class Fill>
Verdict HostsPlugin::reply_with(const Request& request, Reply& reply, Fill fill) const {
  const auto build = [&](dns::MutableBytes room) {
    dns::MessageBuilder builder(room);
    builder.set_flags(dns::flag::QR | dns::flag::AA);
    const dns::Query& query = request.query;
    if (!builder.add_question(query.name, query.type, query.cls) || !fill(builder)) return false;
    if (auto answer = built_answer(builder.message(), query, dns::Rcode::NOERROR, request.received)) {
      reply.answer_with(std::move(answer), name());
    }
    return true;
  };
  std::array<std::uint8_t, kUsualRoom> usual;
  if (!build(usual)) {
    std::vector<std::uint8_t> room(kMessageRoom);
    build(room);
  }
  return Verdict::answered;
}

Verdict HostsPlugin::handle(Request& request, Reply& reply) {
  const dns::Query& query = request.query;
  if (query.cls != dns::RRClass::IN) return Verdict::pass;
  return query.type == RRType::PTR ? answer_address(request, reply) : answer_name(request, reply);
}

Verdict HostsPlugin::answer_address(const Request& request, Reply& reply) {
  // As CoreDNS: whatever the zones are, and what is not there goes on whatever `fallthrough` says.
  const auto address = reverse_address(request.query.name);
  if (!address) return Verdict::pass;
  const HostsTable& known = table();
  const HostsTable::Chain names = known.find(*address);
  if (names.empty()) return Verdict::pass;
  return reply_with(request, reply, [&](dns::MessageBuilder& builder) {
    std::size_t left = kMostRecords;
    bool fits = true;
    known.names(names, [&](dns::NameView host) {
      fits = builder.add_name_record(dns::Section::answer, request.query.name, RRType::PTR, dns::RRClass::IN,
                                     file_->config().ttl, host);
      return fits && --left > 0;
    });
    return fits;
  });
}

Verdict HostsPlugin::answer_name(const Request& request, Reply& reply) {
  const HostsConfig& config = file_->config();
  const dns::Query& query = request.query;
  if (longest_zone(config.zones, query.name) == nullptr) return Verdict::pass;
  const HostsTable& known = table();
  const HostsTable::Host* host = known.find(query.name);
  const bool address_wanted = query.type == RRType::A || query.type == RRType::AAAA;
  if (host == nullptr || (!address_wanted && config.fallthrough_unsupported)) {
    if (longest_zone(config.fallthrough, query.name) != nullptr) return Verdict::pass;
  }
  if (host == nullptr) {
    // NXDOMAIN would need an SOA record, which a hosts file has not: SERVFAIL, as CoreDNS.
    reply.rcode = dns::Rcode::SERVFAIL;
    reply.plugin = name();
    return Verdict::answered;
  }
  HostsTable::Chain addresses;
  if (query.type == RRType::A) addresses = host->v4;
  if (query.type == RRType::AAAA) addresses = host->v6;
  return reply_with(request, reply, [&](dns::MessageBuilder& builder) {
    std::size_t left = kMostRecords;
    bool fits = true;
    known.addresses(addresses, [&](const HostAddress& address) {
      fits = builder.add_record(dns::Section::answer, query.name, query.type, dns::RRClass::IN, config.ttl,
                                address.rdata());
      return fits && --left > 0;
    });
    return fits;
  });
}

}  // namespace nld::plugins
