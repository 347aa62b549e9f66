// A DNS load generator: a number of queries at full speed or at a rate, over UDP or TCP, every answer
// checked.
//
// One thread, a bounded number of outstanding queries. Prints one JSON line: what came back, and how fast.
// The time it needs per query must stay well below the server's, so UDP goes in batches (recvmmsg, sendmmsg).
#include <poll.h>
#include <sys/prctl.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "connection.hpp"
#include "run.hpp"

namespace load {
namespace {

template <typename Connection>
void drive(Run& run) {
  std::vector<Connection> connections;
  connections.reserve(run.settings().connections);
  for (std::size_t i = 0; i < run.settings().connections; ++i) connections.emplace_back(run);

  const auto end = run.begin() + run.settings().limit;
  auto next_expiry = run.begin() + kLost;
  std::vector<pollfd> polled(connections.size());
  std::size_t first = 0;
  while (!run.done()) {
    const auto now = Clock::now();
    if (now >= end) break;
    if (now >= next_expiry) {
      for (auto& connection : connections) connection.expire(now);
      next_expiry = now + kLost / 4;
    }
    // Paced queries go through one connection after the other.
    first = (first + 1) % connections.size();
    for (std::size_t i = 0; i < connections.size(); ++i) {
      connections[(first + i) % connections.size()].send(now);
    }
    for (std::size_t i = 0; i < connections.size(); ++i) polled[i] = connections[i].wanted();
    const auto pause = run.pause(Clock::now());
    const timespec timeout{0, static_cast<long>(pause.count())};
    if (::ppoll(polled.data(), polled.size(), &timeout, nullptr) < 0 && errno != EINTR) bench::fail("ppoll");
    const auto after = Clock::now();
    for (std::size_t i = 0; i < connections.size(); ++i) {
      if ((polled[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0) connections[i].receive(after);
    }
  }
}

Order order(std::string_view text) {
  constexpr std::array kOrders{std::pair{"cycle", Order::cycle}, std::pair{"uniform", Order::uniform},
                               std::pair{"zipf", Order::zipf}, std::pair{"unique", Order::unique}};
  for (const auto& [name, value] : kOrders) {
    if (text == name) return value;
  }
  throw std::invalid_argument("--order: cycle, uniform, zipf or unique, not " + std::string(text));
}

Settings parse(std::span<char*> arguments) {
  Settings settings;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string_view flag = arguments[i];
    if (flag == "--tcp") {
      settings.tcp = true;
      continue;
    }
    if (i + 1 == arguments.size())
      throw std::invalid_argument(std::string(flag) + ": unknown, or lacks its value");
    const std::string_view value = arguments[++i];
    if (flag == "--server")
      settings.server = value;
    else if (flag == "--port")
      settings.port = bench::number<std::uint16_t>(flag, value, 1, 65535);
    else if (flag == "--queries")
      settings.queries = bench::number<std::uint64_t>(flag, value, 1, 99'999'999);
    else if (flag == "--names")
      settings.names = bench::number<std::uint64_t>(flag, value, 1, 99'999'999);
    else if (flag == "--order")
      settings.order = order(value);
    else if (flag == "--prefix")
      settings.prefix = value;
    else if (flag == "--suffix")
      settings.suffix = value;
    else if (flag == "--rcode")
      settings.rcode = bench::number<std::uint8_t>(flag, value, 0, 15);
    else if (flag == "--answers")
      settings.answers = bench::number<std::uint16_t>(flag, value, 0, 100);
    else if (flag == "--connections")
      settings.connections = bench::number<std::size_t>(flag, value, 1, 256);
    else if (flag == "--window")
      settings.window = bench::number<std::size_t>(flag, value, 1, 1024);
    else if (flag == "--rate")
      settings.rate = bench::number<std::uint64_t>(flag, value, 0, 100'000'000);
    else if (flag == "--limit")
      settings.limit = std::chrono::seconds(bench::number<int>(flag, value, 1, 3600));
    else
      throw std::invalid_argument("unknown flag: " + std::string(flag));
  }
  return settings;
}

double microseconds(const Run& run, double share) {
  return static_cast<double>(run.latencies().percentile(share)) / 1000;
}

}  // namespace
}  // namespace load

int main(int argc, char** argv) {
  using namespace load;
  try {
    ::prctl(PR_SET_TIMERSLACK, 1UL);  // paced queries are sent when they are due, not 50 us later
    const auto settings = parse(std::span(argv, static_cast<std::size_t>(argc)));
    Run run(settings);
    if (settings.tcp) {
      drive<TcpConnection>(run);
    } else {
      drive<UdpConnection>(run);
    }
    const std::chrono::duration<double> seconds = Clock::now() - run.begin();
    const auto& tally = run.tally();
    std::printf(
        "{\"sent\": %llu, \"good\": %llu, \"bad\": %llu, \"lost\": %llu, \"stray\": %llu, \"reconnects\": "
        "%llu, "
        "\"seconds\": %.6f, \"p50_us\": %.3f, \"p99_us\": %.3f, \"p999_us\": %.3f}\n",
        static_cast<unsigned long long>(tally.sent), static_cast<unsigned long long>(tally.good),
        static_cast<unsigned long long>(tally.bad), static_cast<unsigned long long>(tally.lost),
        static_cast<unsigned long long>(tally.stray), static_cast<unsigned long long>(tally.reconnects),
        seconds.count(), microseconds(run, 0.5), microseconds(run, 0.99), microseconds(run, 0.999));
    return run.done() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load: %s\n", error.what());
    return 2;
  }
}
