// One datagram, one HTTP GET.
#include "cli/node_view.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "dns/builder.hpp"
#include "plugins/bind/interfaces.hpp"
#include "runtime/descriptor.hpp"
#include "runtime/system_random.hpp"

namespace nld::cli {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::array kSendsAt{std::chrono::milliseconds(0), std::chrono::milliseconds(300),
                              std::chrono::milliseconds(600)};
constexpr auto kPatience = std::chrono::milliseconds(1000);

bool answers(const std::array<std::uint8_t, 1500>& packet, ssize_t size, std::uint16_t id) noexcept {
  return size >= static_cast<ssize_t>(dns::kHeaderSize) && packet[0] == (id >> 8U) &&
         packet[1] == (id & 0xFFU) && (packet[2] & 0x80U) != 0;
}

/// "name{a="b"}" of a sample line; nothing for comments.
struct Sample {
  std::string_view name;
  std::string_view labels;
  double value = 0;
  [[nodiscard]] std::string label(std::string_view wanted) const {
    const std::string mark = std::string(wanted) + "=\"";
    const std::size_t at = labels.find(mark);
    if (at == labels.npos) return {};
    const std::size_t from = at + mark.size();
    return std::string(labels.substr(from, labels.find('"', from) - from));
  }
};

std::optional<Sample> parse_sample(std::string_view line) {
  const std::size_t blank = line.rfind(' ');
  if (line.empty() || line.front() == '#' || blank == line.npos) return std::nullopt;
  Sample sample;
  const std::size_t brace = line.find('{');
  sample.name = line.substr(0, std::min(brace, blank));
  if (brace != line.npos) sample.labels = line.substr(brace + 1, line.rfind('}') - brace - 1);
  sample.value = std::strtod(std::string(line.substr(blank + 1)).c_str(), nullptr);
  return sample;
}

std::expected<std::string, std::string> http_get(const runtime::SocketAddress& address) {
  namespace asio = boost::asio;
  asio::ip::tcp::iostream stream;
  stream.expires_after(std::chrono::seconds(2));
  auto host = asio::ip::make_address(address.ip_text());
  if (host.is_unspecified())
    host = host.is_v6() ? asio::ip::address(asio::ip::address_v6::loopback())
                        : asio::ip::address(asio::ip::address_v4::loopback());
  stream.connect(asio::ip::tcp::endpoint(host, address.port()));
  stream << "GET /metrics HTTP/1.0\r\n\r\n" << std::flush;
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  const std::size_t head = text.find("\r\n\r\n");
  if (head == text.npos || text.find(" 200 ") > text.find("\r\n")) {
    return std::unexpected("no metrics at " + address.to_string());
  }
  return text.substr(head + 4);
}

}  // namespace

Asked ask_as_client(const runtime::SocketAddress& server) {
  Asked asked;
  const runtime::Descriptor socket(
      ::socket(server.native()->sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open() || ::connect(socket.get(), server.native(), server.native_size()) != 0) return asked;
  runtime::SocketAddress own;
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&storage), &size) != 0) return asked;
  own = runtime::SocketAddress::from_native(reinterpret_cast<const sockaddr*>(&storage));
  asked.client = own.ip_text();
  asked.client_port = own.port();

  runtime::SystemRandom random;
  const auto id = static_cast<std::uint16_t>(random.next());
  std::array<std::uint8_t, 64> query{};
  dns::MessageBuilder builder(query);
  builder.set_id(id);
  builder.add_question(dns::Name::from_text("version.bind")->wire(), dns::RRType::TXT, dns::RRClass::CH);

  const auto began = Clock::now();
  std::size_t sent = 0;
  for (;;) {
    const auto passed = Clock::now() - began;
    if (passed >= kPatience) return asked;
    if (sent < kSendsAt.size() && passed >= kSendsAt[sent]) {
      ++sent;
      ::send(socket.get(), builder.message().data(), builder.size(), 0);  // a refusal shows when reading
    }
    const auto until = sent < kSendsAt.size() ? kSendsAt[sent] : kPatience;
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(until - passed).count() + 1;
    pollfd wanted{.fd = socket.get(), .events = POLLIN, .revents = 0};
    if (::poll(&wanted, 1, static_cast<int>(wait)) <= 0) continue;
    std::array<std::uint8_t, 1500> packet{};
    if (!answers(packet, ::recv(socket.get(), packet.data(), packet.size(), 0), id)) {
      // Refused: nobody is there now; who asks again in a moment may be led elsewhere.
      if (sent == kSendsAt.size()) return asked;
      continue;
    }
    asked.answered = true;
    asked.milliseconds = std::chrono::duration<double, std::milli>(Clock::now() - began).count();
    return asked;
  }
}

json summarise_metrics(const std::string& exposition) {
  struct Upstream {
    double down = 0;
    double requests = 0;
    double failures = 0;
  };
  std::map<std::string, Upstream> upstreams;
  std::map<std::string_view, double> totals;
  std::istringstream lines(exposition);
  for (std::string line; std::getline(lines, line);) {
    const auto sample = parse_sample(line);
    if (!sample) continue;
    if (sample->name == "node_local_dns_upstream_down") upstreams[sample->label("to")].down += sample->value;
    if (sample->name == "coredns_forward_requests_total")
      upstreams[sample->label("to")].requests += sample->value;
    if (sample->name == "coredns_forward_healthcheck_failures_total") {
      upstreams[sample->label("to")].failures += sample->value;
    }
    for (const std::string_view name :
         {"coredns_cache_entries", "coredns_cache_hits_total", "coredns_cache_misses_total",
          "node_local_dns_cache_bytes", "node_local_dns_cache_budget_bytes"}) {
      if (sample->name == name) totals[name] += sample->value;
    }
  }
  json list = json::array();
  for (const auto& [to, upstream] : upstreams) {
    list.push_back({{"to", to},
                    {"down", upstream.down > 0},
                    {"requests", upstream.requests},
                    {"healthcheck_failures", upstream.failures}});
  }
  const double asked = totals["coredns_cache_hits_total"] + totals["coredns_cache_misses_total"];
  return {{"upstreams", std::move(list)},
          {"cache",
           {{"entries", totals["coredns_cache_entries"]},
            {"bytes", totals["node_local_dns_cache_bytes"]},
            {"budget_bytes", totals["node_local_dns_cache_budget_bytes"]},
            {"hit_ratio", asked > 0 ? json(totals["coredns_cache_hits_total"] / asked) : json(nullptr)}}}};
}

std::expected<json, std::string> read_server_metrics(const server::CorefileOptions& options) {
  server::CorefileSource source(options, plugins::real_surroundings_with_interfaces());
  const auto loaded = source.load();
  if (!loaded) return std::unexpected(loaded.error());
  for (const auto& block : loaded->config.blocks) {
    if (!block.prometheus) continue;
    const auto text = http_get(*block.prometheus);
    if (!text) return std::unexpected(text.error());
    return summarise_metrics(*text);
  }
  return std::unexpected("the Corefile has no `prometheus`: no word on upstreams and cache");
}

}  // namespace nld::cli
