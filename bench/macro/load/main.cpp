// A DNS load generator: a fixed number of queries at full speed over UDP or TCP, every answer checked.
//
// One thread, a fixed number of outstanding queries, cached names in a scattered order. Prints one JSON line.
// The time it needs per query must stay well below the server's, so UDP goes in batches (recvmmsg, sendmmsg).
#include <poll.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
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
  while (!run.done()) {
    const auto now = Clock::now();
    if (now >= end) break;
    if (now >= next_expiry) {
      for (auto& connection : connections) connection.expire(now);
      next_expiry = now + kLost / 4;
    }
    for (std::size_t i = 0; i < connections.size(); ++i) {
      connections[i].send(now);
      polled[i] = connections[i].wanted();
    }
    // Paced sending must wake up by itself.
    if (::poll(polled.data(), polled.size(), run.settings().rate != 0 ? 1 : 50) < 0 && errno != EINTR)
      fail("poll");
    for (std::size_t i = 0; i < connections.size(); ++i) {
      if ((polled[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0) connections[i].receive();
    }
  }
}

template <typename Number>
Number number(std::string_view flag, std::string_view text, Number least, Number most) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) {
    throw std::invalid_argument(std::string(flag) + ": not a number in its range: " + std::string(text));
  }
  return value;
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
      settings.port = number<std::uint16_t>(flag, value, 1, 65535);
    else if (flag == "--queries")
      settings.queries = number<std::uint64_t>(flag, value, 1, 1'000'000'000);
    else if (flag == "--names")
      settings.names = number<std::size_t>(flag, value, 1, 1'000'000);
    else if (flag == "--prefix")
      settings.prefix = value;
    else if (flag == "--suffix")
      settings.suffix = value;
    else if (flag == "--rcode")
      settings.rcode = number<std::uint8_t>(flag, value, 0, 15);
    else if (flag == "--answers")
      settings.answers = number<std::uint16_t>(flag, value, 0, 100);
    else if (flag == "--connections")
      settings.connections = number<std::size_t>(flag, value, 1, 256);
    else if (flag == "--window")
      settings.window = number<std::size_t>(flag, value, 1, 1024);
    else if (flag == "--rate")
      settings.rate = number<std::uint64_t>(flag, value, 0, 100'000'000);
    else if (flag == "--limit")
      settings.limit = std::chrono::seconds(number<int>(flag, value, 1, 3600));
    else
      throw std::invalid_argument("unknown flag: " + std::string(flag));
  }
  return settings;
}

}  // namespace
}  // namespace load

int main(int argc, char** argv) {
  using namespace load;
  try {
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
        "\"seconds\": %.6f}\n",
        static_cast<unsigned long long>(tally.sent), static_cast<unsigned long long>(tally.good),
        static_cast<unsigned long long>(tally.bad), static_cast<unsigned long long>(tally.lost),
        static_cast<unsigned long long>(tally.stray), static_cast<unsigned long long>(tally.reconnects),
        seconds.count());
    return run.done() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load: %s\n", error.what());
    return 2;
  }
}
