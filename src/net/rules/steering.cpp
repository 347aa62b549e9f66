// Decides before conntrack where a DNS packet goes, and gives the answer its address back at the very end.
//
// Measured with nft 1.0.6, which cannot put IPv6 addresses into a map from a rule (an assertion fails), and
// with kernel 6.1, where a map cannot be asked for membership alone: hence a set for each address.
#include "net/rules/steering.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

namespace nld::net {
namespace {

// 10,000 queries/s for the 10 s that an entry lives, and 30,000 TCP connections for their 10 minutes; about
// 10 MiB of kernel memory when full. Then a new flow is refused at once (ICMP, RST) instead of hanging. Not
// more: nft 1.0.6 reads all entries whenever it lists the table, 150,000 in 6 s.
constexpr unsigned kFlows = 131'072;
constexpr unsigned kAddresses = 64;
// As long as a resolver waits for an answer, twice.
constexpr std::string_view kUdpTimeout = "10s";
constexpr std::string_view kTcpTimeout = "10m";
// The agent asks every 250 ms: five answers in a row must be missing.
constexpr std::string_view kAnsweringTimeout = "1s500ms";
constexpr std::string_view kNotSyn = "tcp flags != syn / syn,ack";

class Writer {
 public:
  explicit Writer(const RuleRequest& request)
      : request_(request),
        ip_(nft_family(request.family)),
        type_(request.family == Family::ipv4 ? "ipv4_addr" : "ipv6_addr"),
        loopback_(request.family == Family::ipv4 ? "127.0.0.1" : "::1") {}

  std::string table() {
    out_ = fmt::format("table {} {} {{", ip_, kNftTable);
    sets();
    entrances();
    decisions();
    begun_connections();
    steering();
    local_answers();
    host_source();
    cluster_answers();
    return std::move(out_) + "}\n";
  }

 private:
  using Rules = std::vector<std::string>;

  void set(std::string_view name, std::string_view type, std::string_view properties) {
    out_ += fmt::format("\n\tset {} {{\n\t\ttype {}\n{}\t}}\n", name, type, properties);
  }

  void chain(std::string_view name, std::string_view hook, const Rules& rules) {
    out_ += fmt::format("\n\tchain {} {{\n", name);
    if (!hook.empty()) out_ += fmt::format("\t\ttype {}; policy accept;\n", hook);
    for (const std::string& rule : rules) out_ += fmt::format("\t\t{}\n", rule);
    out_ += "\t}\n";
  }

  void sets() {
    constexpr std::string_view kDynamic = "\t\tsize {}\n\t\tflags dynamic,timeout\n\t\ttimeout {}\n";
    for (const std::string& address : request_.addresses) {
      set(steered_set(address), fmt::format("{} . inet_proto . inet_service", type_),
          fmt::format(fmt::runtime(kDynamic), kFlows, kUdpTimeout));
    }
    set(kAnsweringSet, type_, fmt::format(fmt::runtime(kDynamic), kAddresses, kAnsweringTimeout));
    set(kAsideSet, type_, "");
    set(kSteeredPacketsSet, type_, fmt::format("\t\tsize {}\n\t\tflags dynamic\n", kAddresses));
  }

  /// One rule for each address and protocol; `format` has the fields address, protocol.
  void for_each_service(Rules& rules, std::string_view format) const {
    for (const std::string& address : request_.addresses) {
      for (const std::string_view protocol : {"tcp", "udp"}) {
        rules.push_back(fmt::format(fmt::runtime(format), fmt::arg("address", address),
                                    fmt::arg("protocol", protocol), fmt::arg("ip", ip_),
                                    fmt::arg("port", request_.port)));
      }
    }
  }

  void entrances() {
    // What comes from `lo` was decided in the output hook, and has its conntrack entry.
    Rules rules;
    for_each_service(rules, R"(iifname "lo" {ip} daddr {address} {protocol} dport {port} goto loopback)");
    rules.emplace_back(R"(iifname "lo" accept)");
    for_each_service(rules, "{ip} daddr {address} {protocol} dport {port} goto pods_{protocol}");
    chain("pods", "filter hook prerouting priority raw - 10", rules);

    rules.clear();
    for_each_service(rules, "{ip} daddr {address} {protocol} dport {port} goto host_{protocol}");
    chain("host", "route hook output priority raw - 10", rules);

    // The output hook cannot look for the server's socket, but here it is seen that there is none: this
    // packet is refused, the next one goes to the cluster DNS.
    chain("loopback", "",
          {fmt::format("{} accept", kNotSyn), "socket wildcard { 0, 1 } accept",
           fmt::format("delete @{} {{ {} daddr }}", kAnsweringSet, ip_)});
  }

  void decisions() {
    // A socket counts only with its address: without the interface its server is out of reach.
    // "wildcard 0": a server on 0.0.0.0 is another one.
    const std::string served = fmt::format("{} daddr != @{} fib daddr type local", ip_, kAsideSet);
    const std::string answered = fmt::format("{} daddr @{} {}", ip_, kAnsweringSet, served);
    const std::string probe = fmt::format("{} saddr {}", ip_, loopback_);
    const std::string begun = fmt::format("{} goto begun_tcp", kNotSyn);
    // A port may be used again for a connection to the local server, whose later packets must not be taken
    // for those of the old one.
    std::string forget;
    for (const std::string& address : request_.addresses) {
      forget += fmt::format("delete @{} {{ {} }} ", steered_set(address), flow("tcp"));
    }
    chain("pods_udp", "", {served + " socket wildcard 0 notrack accept", "goto steer_udp"});
    chain("host_udp", "", {probe + " notrack accept", answered + " notrack accept", "goto steer_udp"});
    chain("pods_tcp", "",
          {begun, fmt::format("{} socket wildcard 0 {}accept", served, forget), "goto steer_tcp"});
    chain("host_tcp", "",
          {probe + " accept", begun, fmt::format("{} {}accept", answered, forget), "goto steer_tcp"});
  }

  /// Connections stay where they began, whatever happens to the server meanwhile.
  void begun_connections() {
    Rules rules;
    for (const std::string& address : request_.addresses) {
      rules.push_back(
          fmt::format("{} daddr {} {} @{} goto steer_tcp", ip_, address, flow("tcp"), steered_set(address)));
    }
    rules.emplace_back("fib daddr type local accept");
    rules.emplace_back("reject with tcp reset");
    chain("begun_tcp", "", rules);
  }

  void steering() {
    chain("steer_udp", "", steer("udp", "", "reject"));
    chain("steer_tcp", "", steer("tcp", fmt::format(" timeout {}", kTcpTimeout), "reject with tcp reset"));
  }

  /// A rule ends where its `update` finds the set full; the last one then refuses the packet.
  Rules steer(std::string_view protocol, std::string_view timeout, std::string_view refuse) const {
    Rules rules;
    for (const std::string& address : request_.addresses) {
      std::string rule = fmt::format("{} daddr {} ", ip_, address);
      // To the cluster DNS all our addresses are one: of two asked from one port, the last gets the answer.
      for (const std::string& other : request_.addresses) {
        if (other != address) rule += fmt::format("delete @{} {{ {} }} ", steered_set(other), flow(protocol));
      }
      rule += fmt::format("update @{} {{ {}{} }} update @{} {{ {} daddr counter }} {} daddr set {} accept",
                          steered_set(address), flow(protocol), timeout, kSteeredPacketsSet, ip_, ip_,
                          *request_.cluster_dns);
      rules.push_back(std::move(rule));
    }
    rules.emplace_back(refuse);
    return rules;
  }

  void local_answers() {
    Rules rules;
    for (const std::string& address : request_.addresses) {
      const std::string answer = fmt::format("{} saddr {} udp sport {}", ip_, address, request_.port);
      // The agent's probes come from the loopback address: their answers keep the host's clients here.
      rules.push_back(fmt::format("{} {} daddr {} update @{} {{ {} saddr }} notrack accept", answer, ip_,
                                  loopback_, kAnsweringSet, ip_));
      rules.push_back(answer + " notrack");
    }
    chain("untrack", "filter hook output priority raw - 10", rules);
  }

  /// The host's own packets were given our address as their source, to which no answer finds its way.
  void host_source() {
    Rules rules;
    for (const std::string& address : request_.addresses) {
      rules.push_back(fmt::format(R"({} saddr {} oifname != "lo" ct original {} daddr {} masquerade)", ip_,
                                  address, ip_, *request_.cluster_dns));
    }
    chain("host_source", "nat hook postrouting priority srcnat - 10", rules);
  }

  void cluster_answers() {
    Rules rules;
    for (const std::string& address : request_.addresses) {
      for (const std::string_view protocol : {"tcp", "udp"}) {
        rules.push_back(fmt::format(
            "{} saddr {} {} sport {} {} daddr . meta l4proto . {} dport @{} {} saddr set {} accept", ip_,
            *request_.cluster_dns, protocol, request_.port, ip_, protocol, steered_set(address), ip_,
            address));
      }
    }
    // After the NAT of the others (100), which makes the source the cluster IP again.
    chain("pods_answer", "filter hook postrouting priority 300", rules);
    chain("host_answer", "filter hook input priority 300", rules);
  }

  [[nodiscard]] std::string flow(std::string_view protocol) const {
    return fmt::format("{} saddr . meta l4proto . {} sport", ip_, protocol);
  }

  const RuleRequest& request_;
  std::string_view ip_;
  std::string_view type_;
  std::string_view loopback_;
  std::string out_;
};

}  // namespace

std::string steering_table(const RuleRequest& request) {
  return Writer(request).table();
}

std::string steered_set(std::string_view address) {
  std::string name = fmt::format("steered-{}", address);
  std::ranges::replace(name, ':', '-');
  return name;
}

std::string_view nft_family(Family family) noexcept {
  return family == Family::ipv4 ? "ip" : "ip6";
}

std::string steering_removal(Family family) {
  const std::string table = fmt::format("table {} {}\n", nft_family(family), kNftTable);
  return "add " + table + "delete " + table;
}

}  // namespace nld::net
