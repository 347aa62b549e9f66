// Names, labels and cells of the coredns_dns_* families.
#include "plugins/prometheus/query_metrics.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace nld::plugins {
namespace {

using dns::RRType;

constexpr metrics::Registry::Family kRequests{"coredns_dns_requests_total",
                                              "DNS requests by zone, protocol, address family and type."};
constexpr metrics::Registry::Family kResponses{"coredns_dns_responses_total",
                                               "DNS responses by zone, rcode and the plugin that answered."};
constexpr metrics::Registry::Family kDnssecOk{"coredns_dns_do_requests_total",
                                              "DNS requests with the DO bit set, by zone."};
constexpr metrics::Registry::Family kDuration{"coredns_dns_request_duration_seconds",
                                              "Time from a request to its response in seconds, by zone."};
constexpr metrics::Registry::Family kRequestSize{"coredns_dns_request_size_bytes",
                                                 "Size of the DNS requests in bytes, by zone and protocol."};
constexpr metrics::Registry::Family kResponseSize{
    "coredns_dns_response_size_bytes", "Size of the DNS responses in bytes, by zone and protocol."};

/// The types that CoreDNS tells apart; all others count as "other".
constexpr std::array<RRType, 18> kTypesByName{
    RRType::A,    RRType::AAAA,  RRType::MX,    RRType::SOA,  RRType::CNAME,  RRType::PTR,
    RRType::TXT,  RRType::NS,    RRType::SRV,   RRType::DS,   RRType::DNSKEY, RRType::RRSIG,
    RRType::NSEC, RRType::NSEC3, RRType::HTTPS, RRType::IXFR, RRType::AXFR,   RRType::ANY};
constexpr std::string_view kOther = "other";

// A look-up, not a search: every query asks. All of the types above are below 256.
constexpr auto kTypeIndexes = [] {
  std::array<std::uint8_t, 256> indexes{};
  indexes.fill(kTypesByName.size());
  for (std::size_t index = 0; index < kTypesByName.size(); ++index) {
    indexes[static_cast<std::size_t>(kTypesByName[index])] = static_cast<std::uint8_t>(index);
  }
  return indexes;
}();

std::size_t type_index(RRType type) noexcept {
  const auto number = static_cast<std::size_t>(type);
  return number < kTypeIndexes.size() ? kTypeIndexes[number] : kTypesByName.size();
}

}  // namespace

int address_family(const runtime::SocketAddress& client) noexcept {
  if (!client.is_v6()) return 1;
  const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(client.native());
  return IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) ? 1 : 2;
}

QueryMetrics::QueryMetrics(metrics::Registry& registry, std::string server_label, std::string zone_label,
                           std::size_t worker)
    : registry_(registry), server_(std::move(server_label)), zone_(std::move(zone_label)), worker_(worker) {
  static_assert(kTypes == kTypesByName.size() + 1);
}

void QueryMetrics::note(const QuerySample& sample) noexcept {
  try {
    count(sample);
  } catch (...) {  // NOLINT(bugprone-empty-catch)
    // Registering allocates; without memory the sample is lost, not the query.
  }
}

void QueryMetrics::count(const QuerySample& sample) {
  requests(sample).add();
  responses(sample).add();
  if (sample.dnssec_ok) {
    if (dnssec_ok_ == nullptr) dnssec_ok_ = &registry_.counter(kDnssecOk, labels(), worker_);
    dnssec_ok_->add();
  }
  if (duration_ == nullptr) {
    duration_ = &registry_.histogram(kDuration, metrics::duration_buckets(), labels(), worker_);
  }
  duration_->observe(std::chrono::duration<double>(sample.duration).count());
  const Sizes& size = sizes(sample.transport);
  size.request->observe(static_cast<double>(sample.request_size));
  size.response->observe(static_cast<double>(sample.response_size));
}

metrics::Counter& QueryMetrics::requests(const QuerySample& sample) {
  const std::size_t type = type_index(sample.type);
  const std::size_t family = sample.family == 2 ? 1 : 0;
  const auto transport = static_cast<std::size_t>(sample.transport);
  metrics::Counter*& cell = requests_[(transport * kFamilies + family) * kTypes + type];
  if (cell == nullptr) {
    const std::string_view name = type < kTypesByName.size() ? dns::mnemonic(sample.type) : kOther;
    cell = &registry_.counter(kRequests,
                              labels({{"proto", std::string(pipeline::to_string(sample.transport))},
                                      {"family", family == 1 ? "2" : "1"},
                                      {"type", std::string(name)}}),
                              worker_);
  }
  return *cell;
}

metrics::Counter& QueryMetrics::responses(const QuerySample& sample) {
  // Rcodes up to 4095 can come from an upstream: a series for each would let it fill our memory.
  const std::size_t rcode = std::min<std::size_t>(static_cast<std::size_t>(sample.rcode), kRcodes - 1);
  Responder& by = responder(sample.plugin);
  metrics::Counter*& cell = by.by_rcode[rcode];
  if (cell == nullptr) {
    const std::string name = rcode < kRcodes - 1 ? dns::to_string(sample.rcode) : std::string(kOther);
    cell = &registry_.counter(kResponses, labels({{"rcode", name}, {"plugin", std::string(by.plugin)}}),
                              worker_);
  }
  return *cell;
}

QueryMetrics::Sizes& QueryMetrics::sizes(pipeline::Transport transport) {
  Sizes& found = sizes_[static_cast<std::size_t>(transport)];
  if (found.response == nullptr) {
    const metrics::Labels with = labels({{"proto", std::string(pipeline::to_string(transport))}});
    found.request = &registry_.histogram(kRequestSize, metrics::size_buckets(), with, worker_);
    found.response = &registry_.histogram(kResponseSize, metrics::size_buckets(), with, worker_);
  }
  return found;
}

QueryMetrics::Responder& QueryMetrics::responder(std::string_view plugin) noexcept {
  // Static strings: the same pointer is the same name, and another pointer to an equal name only takes
  // another slot, the cells behind it are the same.
  for (std::size_t index = 0; index < responder_count_; ++index) {
    Responder& known = responders_[index];
    if (known.plugin.data() == plugin.data() && known.plugin.size() == plugin.size()) return known;
  }
  if (responder_count_ + 1 < kPlugins) {
    Responder& fresh = responders_[responder_count_++];
    fresh.plugin = plugin;
    return fresh;
  }
  responders_.back().plugin = kOther;
  return responders_.back();
}

metrics::Labels QueryMetrics::labels(metrics::Labels more) const {
  more.emplace_back("server", server_);
  more.emplace_back("zone", zone_);
  more.emplace_back("view", "");
  return more;
}

}  // namespace nld::plugins
