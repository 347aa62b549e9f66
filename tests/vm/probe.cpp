// A small DNS client for the virtual machine: asks for A records and says which server answered, and what was
// lost.
//
//   probe ask udp|tcp SERVER NAME [MILLISECONDS]     one question; prints the address, or why there is none
//   probe stream udp|tcp SERVER NAME MILLISECONDS    one socket, a question every MILLISECONDS, until
//   SIGTERM:
//                                                    a line each time the answers change, a summary at the
//                                                    end
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;
using Octets = std::vector<std::uint8_t>;

constexpr std::size_t kHeader = 12;
constexpr Milliseconds kGrace{1000};  // a stream waits so long for its last answers

volatile std::sig_atomic_t stop_asked = 0;

void put16(Octets& out, unsigned value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

unsigned get16(const Octets& in, std::size_t at) {
  return at + 2 <= in.size() ? in[at] * 256U + in[at + 1] : 0U;
}

Octets question(std::uint16_t id, std::string_view name) {
  Octets out;
  put16(out, id);
  for (const unsigned word : {0x0100U, 1U, 0U, 0U, 0U}) put16(out, word);
  while (!name.empty()) {
    const auto label = name.substr(0, name.find('.'));
    out.push_back(static_cast<std::uint8_t>(label.size()));
    out.insert(out.end(), label.begin(), label.end());
    name.remove_prefix(label.size() == name.size() ? label.size() : label.size() + 1);
  }
  out.push_back(0);
  put16(out, 1);  // A
  put16(out, 1);  // IN
  return out;
}

/// By the first A record: an answer of the test's servers is the question and compressed records.
std::string who_answers(const Octets& message, std::size_t asked) {
  if (message.size() < kHeader) return "short";
  if (const unsigned rcode = message[3] & 15U) return "rcode" + std::to_string(rcode);
  constexpr std::size_t kFixed = 12;  // pointer, type, class, TTL, length
  if (get16(message, 6) == 0 || message.size() < asked + kFixed + 4 || get16(message, asked + 2) != 1)
    return "empty";
  std::array<char, INET_ADDRSTRLEN> text{};
  inet_ntop(AF_INET, &message[asked + kFixed], text.data(), text.size());
  const std::string_view address = text.data();
  return address == "192.0.2.1" ? "local" : address == "192.0.2.2" ? "cluster" : text.data();
}

const char* reason(int error) {
  switch (error) {
    case ECONNREFUSED:
      return "refused";
    case ECONNRESET:
    case EPIPE:
      return "reset";
    case EAGAIN:
    case ETIMEDOUT:
    case EINPROGRESS:
      return "timeout";
    case ENETUNREACH:
    case EHOSTUNREACH:
      return "unreachable";
    default:
      return std::strerror(error);
  }
}

/// One connected socket, UDP or TCP: an answer from any other address than the one asked is not seen.
class Connection {
 public:
  Connection(bool tcp, const char* server, Milliseconds limit) : tcp_(tcp) {
    sockaddr_storage storage{};
    socklen_t length = 0;
    auto* four = reinterpret_cast<sockaddr_in*>(&storage);
    auto* six = reinterpret_cast<sockaddr_in6*>(&storage);
    if (inet_pton(AF_INET, server, &four->sin_addr) == 1) {
      four->sin_family = AF_INET;
      four->sin_port = htons(53);
      length = sizeof *four;
    } else if (inet_pton(AF_INET6, server, &six->sin6_addr) == 1) {
      six->sin6_family = AF_INET6;
      six->sin6_port = htons(53);
      length = sizeof *six;
    } else {
      std::fprintf(stderr, "probe: %s is not an address\n", server);
      std::exit(2);
    }
    fd_ = socket(storage.ss_family, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
    const timeval wait{limit.count() / 1000, (limit.count() % 1000) * 1000};
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);  // bounds connect(2) too
    if (connect(fd_, reinterpret_cast<sockaddr*>(&storage), length) != 0) error_ = errno;
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { close(fd_); }

  [[nodiscard]] int error() const { return error_; }

  void send(Octets message) {
    if (tcp_)
      message.insert(message.begin(), {static_cast<std::uint8_t>(message.size() >> 8),
                                       static_cast<std::uint8_t>(message.size())});
    if (::send(fd_, message.data(), message.size(), MSG_NOSIGNAL) < 0) error_ = errno;
  }

  /// The next message, waiting for it at most `limit`; none sets error() unless it is only late.
  std::optional<Octets> receive(Milliseconds limit) {
    const auto end = Clock::now() + limit;
    for (;;) {
      if (auto whole = take()) return whole;
      const auto left = std::chrono::ceil<Milliseconds>(end - Clock::now());
      pollfd waiting{.fd = fd_, .events = POLLIN, .revents = 0};
      if (left.count() < 0 || poll(&waiting, 1, static_cast<int>(left.count())) <= 0) return std::nullopt;
      std::array<std::uint8_t, 4096> buffer{};
      const auto size = recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (size < 0) error_ = errno;
      if (size == 0 && tcp_) error_ = ECONNRESET;
      if (size <= 0) return std::nullopt;
      read_.insert(read_.end(), buffer.begin(), buffer.begin() + size);
    }
  }

  /// Whether there was an error since the last call. A UDP socket goes on after one.
  int take_error() { return std::exchange(error_, 0); }

 private:
  std::optional<Octets> take() {
    std::size_t begin = 0;
    std::size_t size = read_.size();
    if (tcp_) {
      begin = 2;
      size = get16(read_, 0);
      if (read_.size() < 2 || read_.size() < begin + size) return std::nullopt;
    }
    if (size == 0) return std::nullopt;
    const auto from = read_.begin() + static_cast<std::ptrdiff_t>(begin);
    Octets message(from, from + static_cast<std::ptrdiff_t>(size));
    read_.erase(read_.begin(), from + static_cast<std::ptrdiff_t>(size));
    return message;
  }

  bool tcp_;
  int fd_ = -1;
  int error_ = 0;
  Octets read_;
};

std::string ask(bool tcp, const char* server, const char* name, Milliseconds limit) {
  const auto id = static_cast<std::uint16_t>(getpid());
  const auto message = question(id, name);
  Connection connection(tcp, server, limit);
  if (connection.error() == 0) connection.send(message);
  if (connection.error() == 0) {
    if (const auto answer = connection.receive(limit)) {
      return get16(*answer, 0) == id ? who_answers(*answer, message.size()) : "foreign";
    }
  }
  return connection.error() == 0 ? "timeout" : reason(connection.error());
}

/// Tells when another server begins to answer.
class Report {
 public:
  void answer(const std::string& address) {
    if (address != last_) {
      std::printf("%s\n", address.c_str());
      std::fflush(stdout);
      last_ = address;
    }
  }

 private:
  std::string last_;
};

int stream(bool tcp, const char* server, const char* name, Milliseconds every) {
  struct sigaction action{};
  action.sa_handler = [](int) { stop_asked = 1; };
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);

  Connection connection(tcp, server, std::chrono::seconds(2));
  Report report;
  std::set<unsigned> waiting;
  unsigned sent = 0;
  unsigned errors = 0;
  int last_error = connection.error();
  std::size_t asked = question(0, name).size();
  auto next = Clock::now();
  std::optional<Clock::time_point> end;
  while (!(tcp && last_error != 0)) {
    const auto now = Clock::now();
    if (stop_asked != 0 && !end) end = now + kGrace;
    if (end && (waiting.empty() || now >= *end)) break;
    if (!end && now >= next) {
      const unsigned id = ++sent & 0xffffU;
      waiting.insert(id);
      connection.send(question(static_cast<std::uint16_t>(id), name));
      next = now + every;
    }
    const auto until = std::chrono::ceil<Milliseconds>((end ? *end : next) - Clock::now());
    if (const auto answer = connection.receive(std::max(until, Milliseconds(0)))) {
      if (waiting.erase(get16(*answer, 0)) != 0) report.answer(who_answers(*answer, asked));
    }
    if (const int error = connection.take_error(); error != 0 && error != EAGAIN && error != EINTR) {
      ++errors;
      last_error = error;
    }
  }
  std::printf("sent=%u lost=%zu errors=%u%s%s\n", sent, waiting.size(), errors,
              last_error != 0 ? " last=" : "", last_error != 0 ? reason(last_error) : "");
  return waiting.empty() && last_error == 0 ? 0 : 1;
}

[[noreturn]] void usage() {
  std::fputs("usage: probe ask|stream NAME MILLISECONDS [udp|tcp SERVER]...\n", stderr);
  std::exit(2);
}

bool is_tcp(std::string_view protocol) {
  if (protocol != "udp" && protocol != "tcp") usage();
  return protocol == "tcp";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6 || argc % 2 != 0) usage();
  const std::string_view command = argv[1];
  const char* name = argv[2];
  const Milliseconds time(std::atoi(argv[3]));
  if (command == "stream" && argc == 6) return stream(is_tcp(argv[4]), argv[5], name, time);
  if (command != "ask") usage();
  for (int at = 4; at < argc; at += 2) {
    std::printf("%s%s", at > 4 ? " " : "", ask(is_tcp(argv[at]), argv[at + 1], name, time).c_str());
  }
  std::puts("");
  return 0;
}
