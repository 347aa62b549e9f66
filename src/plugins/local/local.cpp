// What each local name has.
#include "plugins/local/local.hpp"

#include <array>

#include "plugins/own_answer.hpp"

namespace nld::plugins {
namespace {

using dns::Rcode;
using dns::RRType;
using dns::Section;
using pipeline::Verdict;

constexpr std::uint32_t kTtl = 604800;
constexpr std::size_t kLocalhostLabel = 10;  // length octet and "localhost"

dns::Name name_of(std::string_view text) {
  return dns::Name::from_text(text).value();
}

const dns::Name& localhost() {
  static const dns::Name kName = name_of("localhost.");
  return kName;
}

/// The zone that holds the name; none: it is no local name.
const dns::Name* zone_of(dns::NameView name) {
  static const std::array<dns::Name, 4> kZones{localhost(), name_of("0.in-addr.arpa."),
                                               name_of("127.in-addr.arpa."), name_of("255.in-addr.arpa.")};
  for (const dns::Name& zone : kZones) {
    if (dns::is_at_or_below(name, zone.wire())) return &zone;
  }
  return nullptr;
}

/// One query and the answer it gets.
class LocalAnswer {
 public:
  explicit LocalAnswer(const dns::Query& query) noexcept : query_(query), answer_(query) {}

  void loopback_or_nothing() {
    static constexpr std::array<std::uint8_t, 4> kV4{127, 0, 0, 1};
    static constexpr std::array<std::uint8_t, 16> kV6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    if (query_.type == RRType::A) {
      record(kV4);
    } else if (query_.type == RRType::AAAA) {
      record(kV6);
    } else {
      soa(Section::authority, query_.name);
    }
  }

  /// The top of a zone: SOA and NS.
  void apex() {
    if (query_.type == RRType::SOA) {
      soa(Section::answer, query_.name);
    } else if (query_.type == RRType::NS) {
      target();
    } else if (dns::equal_ignoring_case(query_.name, localhost().wire())) {
      loopback_or_nothing();
    } else {
      soa(Section::authority, query_.name);
    }
  }

  void reverse_loopback(dns::NameView zone) {
    if (query_.type == RRType::PTR) {
      target();
    } else {
      soa(Section::authority, zone);
    }
  }

  void denial(dns::NameView zone) {
    soa(Section::authority, zone);
    rcode_ = Rcode::NXDOMAIN;
  }

  void give(const pipeline::Request& request, pipeline::Reply& reply) {
    answer_.give(rcode_, request, reply, "local");
  }

 private:
  void record(dns::Bytes rdata) {
    answer_.builder().add_record(Section::answer, query_.name, query_.type, query_.cls, kTtl, rdata);
  }
  void target() {
    answer_.builder().add_name_record(Section::answer, query_.name, query_.type, query_.cls, kTtl,
                                      localhost().wire());
  }
  /// localhost. root.localhost. 1 0 0 0 TTL
  void soa(Section section, dns::NameView owner) {
    static const dns::Name kMailbox = name_of("root.localhost.");
    std::array<std::uint8_t, 64> rdata{};
    std::size_t size = 0;
    for (const dns::NameView name : {localhost().wire(), kMailbox.wire()}) {
      for (const std::uint8_t octet : name) rdata[size++] = octet;
    }
    dns::put32(rdata, size, 1);
    dns::put32(rdata, size + 16, kTtl);
    answer_.builder().add_record(section, owner, RRType::SOA, query_.cls, kTtl,
                                 dns::Bytes(rdata).first(size + 20));
  }

  const dns::Query& query_;
  OwnAnswer answer_;
  Rcode rcode_ = Rcode::NOERROR;
};

bool is_below_localhost(dns::NameView name) {
  return dns::is_at_or_below(name, localhost().wire()) && name.size() > localhost().size();
}

/// "localhost.something.": a search list was put behind it.
bool has_localhost_prefix(dns::NameView name) {
  if (name.size() <= localhost().size()) return false;
  std::array<std::uint8_t, kLocalhostLabel + 1> first{};
  std::copy_n(name.begin(), kLocalhostLabel, first.begin());
  return dns::equal_ignoring_case(first, localhost().wire());
}

}  // namespace

LocalPlugin::LocalPlugin(const LocalConfig& config, const Services& services)
    : config_(config),
      log_(services.log),
      below_localhost_(services.metrics.counter(
          {"coredns_local_localhost_requests_total", "Counter of localhost.<domain> requests."}, {},
          services.worker)) {}

Verdict LocalPlugin::handle(pipeline::Request& request, pipeline::Reply& reply) {
  const dns::NameView name = request.query.name;
  const bool below = is_below_localhost(name) || (config_.prefix && has_localhost_prefix(name));
  const dns::Name* zone = below ? nullptr : zone_of(name);
  if (!below && zone == nullptr) return Verdict::pass;
  LocalAnswer answer(request.query);
  static const dns::Name kLoopback = name_of("1.0.0.127.in-addr.arpa.");
  if (below) {
    below_localhost_.add();
    log_.debug("plugin/local: {} {} from {}", dns::to_text(name), dns::to_string(request.query.type),
               request.client.ip_text());
    answer.loopback_or_nothing();
  } else if (name.size() == zone->size()) {
    answer.apex();
  } else if (dns::equal_ignoring_case(name, kLoopback.wire())) {
    answer.reverse_loopback(zone->wire());
  } else {
    answer.denial(zone->wire());
  }
  answer.give(request, reply);
  return Verdict::answered;
}

}  // namespace nld::plugins
