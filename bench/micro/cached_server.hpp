// A server without its sockets for the benchmarks of plugins: one of them in front of a cache that holds
// names.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "dns/builder.hpp"
#include "plugins/cache/cache.hpp"
#include "server/render.hpp"
#include "unit/plugins/worker_services.hpp"

namespace nld {

inline std::vector<std::uint8_t> packet_of(const std::string& name, dns::RRType type = dns::RRType::A) {
  std::array<std::uint8_t, 512> space{};
  dns::MessageBuilder builder(space);
  builder.set_flags(dns::flag::RD);
  builder.add_question(dns::Name::from_text(name)->wire(), type, dns::RRClass::IN);
  builder.add_opt(1232, 0, false, {});
  return {builder.message().begin(), builder.message().end()};
}

class CachedServer {
 public:
  using Plugins = std::vector<std::unique_ptr<pipeline::Plugin>>;

  /// `make` gives what stands in front of the cache; without one there is the cache alone.
  explicit CachedServer(const std::function<Plugins(const plugins::Services&)>& make = {}) {
    Plugins plugins;
    if (make) plugins = make(worker_.services);
    plugins::CacheConfig config;
    config.zones.emplace_back();
    const plugins::Site site{"dns://:53", "."};
    plugins.push_back(
        std::make_unique<plugins::CachePlugin>(std::move(config), shared_, worker_.services, site));
    chain_ = pipeline::Chain::build(std::move(plugins));
  }

  /// Puts a name with so many records of type A or AAAA into the cache; 0: there are none.
  void keep(const std::string& text, dns::RRType type, int records) {
    const dns::Name name = *dns::Name::from_text(text);
    std::array<std::uint8_t, 1024> space{};
    dns::MessageBuilder builder(space);
    builder.set_flags(dns::flag::QR | dns::flag::RD | dns::flag::RA);
    builder.add_question(name.wire(), type, dns::RRClass::IN);
    const std::array<std::uint8_t, 16> address{192, 0, 2, 1};
    const auto size = type == dns::RRType::A ? std::size_t{4} : std::size_t{16};
    for (int record = 0; record < records; ++record) {
      builder.add_record(dns::Section::answer, name.wire(), type, dns::RRClass::IN, 60,
                         std::span(address).first(size));
    }
    cache::Answer::Facts facts;
    if (records == 0) {
      facts.part = cache::Part::denial;
      facts.kind = dns::ResponseKind::nodata;
    }
    const cache::Key key(worker_.hasher, name.wire(), type, dns::RRClass::IN, false, false);
    shared_->table.store(cache::Answer::entry(cache::Answer::make(facts, builder.message(), {}), key, 3600,
                                              worker_.clock.now()));
  }

  /// The way of a query: parse, chain, render. The number of the reply's octets.
  std::size_t answer(const std::vector<std::uint8_t>& packet) {
    pipeline::Request request{.query = *dns::parse_query(packet),
                              .client = client_,
                              .local = client_,
                              .received = worker_.clock.now()};
    pipeline::Reply reply;
    if (chain_->handle(request, reply).verdict != pipeline::Verdict::answered)
      throw std::runtime_error("a miss");
    return server::render(request, reply, out_).size;
  }

 private:
  plugins::WorkerServices worker_;
  cache::Budget budget_{64U << 20U};
  std::shared_ptr<plugins::CacheShared> shared_ =
      std::make_shared<plugins::CacheShared>(cache::Capacity{.success = 1000, .denial = 1000}, budget_);
  std::shared_ptr<const pipeline::Chain> chain_;
  runtime::SocketAddress client_ = *runtime::SocketAddress::from_ip("10.1.2.3", 5353);
  std::vector<std::uint8_t> out_ = std::vector<std::uint8_t>(4096);
};

}  // namespace nld
