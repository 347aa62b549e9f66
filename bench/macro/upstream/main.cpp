// The bench's upstream: answers every name over UDP and TCP faster than a real authority, some after a pause.
//
// usage: upstream ADDRESS:PORT [DELAY_MS]; names that begin with x do not exist, those with s come DELAY_MS
// later.
#include <sys/epoll.h>

#include <cstdio>
#include <map>

#include "../net/batch.hpp"
#include "../net/poller.hpp"
#include "../net/stream.hpp"
#include "answer.hpp"
#include "held.hpp"

namespace upstream {
namespace {

using bench::Descriptor;
using bench::Stream;

class Responder {
 public:
  Responder(const sockaddr_in& local, std::chrono::milliseconds delay)
      : datagrams_(bench::bind_to(SOCK_DGRAM, local)),
        listener_(bench::bind_to(SOCK_STREAM, local)),
        held_(delay) {
    poller_.add(datagrams_, kDatagrams);
    poller_.add(listener_, kListener);
  }

  [[noreturn]] void run() {
    for (;;) {
      for (const auto& event : poller_.wait(held_.timeout())) {
        if (event.data.u64 == kDatagrams) {
          answer_datagrams();
        } else if (event.data.u64 == kListener) {
          accept();
        } else {
          serve(event.data.u64);
        }
      }
      release();
    }
  }

 private:
  static constexpr std::uint64_t kDatagrams = 0;
  static constexpr std::uint64_t kListener = 1;

  void answer_datagrams() {
    queries_.receive(datagrams_);
    answers_.clear();
    for (std::size_t i = 0; i < queries_.size(); ++i) {
      const auto query = queries_.message(i);
      const auto size = make_answer(query, rules_, answer_);
      if (size == 0) continue;
      const auto answer = std::span(answer_).first(size);
      if (is_slow(query, rules_)) {
        held_.hold(0, queries_.peer(i), answer);
      } else {
        std::memcpy(answers_.next().data(), answer.data(), size);
        answers_.commit(size, queries_.peer(i));
      }
    }
    answers_.send(datagrams_);
  }

  void accept() {
    Descriptor fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (fd.get() < 0) return;
    const auto added = streams_.emplace(++last_, Stream(std::move(fd)));
    poller_.add(added.first->second.descriptor(), last_);
  }

  void serve(std::uint64_t number) {
    Stream& stream = streams_.at(number);
    const bool open = stream.receive([&](std::span<const std::uint8_t> query) {
      const auto size = make_answer(query, rules_, answer_);
      if (size == 0) return;
      const auto answer = std::span(answer_).first(size);
      if (is_slow(query, rules_)) {
        held_.hold(number, {}, answer);
      } else {
        stream.put(answer);
      }
    });
    flush(number, stream, open);
  }

  void flush(std::uint64_t number, Stream& stream, bool open) {
    if (!open || !stream.flush()) {
      streams_.erase(number);
    } else {
      poller_.want_writable(stream.descriptor(), number, stream.unsent());
    }
  }

  void release() {
    answers_.clear();
    while (const auto held = held_.take_due()) {
      if (held->stream != 0) {
        const auto found = streams_.find(held->stream);
        if (found == streams_.end()) continue;
        found->second.put(held->answer);
        flush(found->first, found->second, true);
        continue;
      }
      if (answers_.full()) {
        answers_.send(datagrams_);
        answers_.clear();
      }
      std::memcpy(answers_.next().data(), held->answer.data(), held->answer.size());
      answers_.commit(held->answer.size(), held->client);
    }
    answers_.send(datagrams_);
  }

  Rules rules_;
  Descriptor datagrams_;
  Descriptor listener_;
  bench::Poller poller_;
  bench::Batch queries_;
  bench::Batch answers_;
  std::array<std::uint8_t, kMaxAnswer> answer_{};
  HeldAnswers held_;
  std::map<std::uint64_t, Stream> streams_;
  std::uint64_t last_ = kListener;
};

}  // namespace
}  // namespace upstream

int main(int argc, char** argv) {
  try {
    if (argc < 2 || argc > 3) throw std::invalid_argument("usage: upstream ADDRESS:PORT [DELAY_MS]");
    const auto delay = argc == 3 ? bench::number<int>("DELAY_MS", argv[2], 0, 10'000) : 0;
    upstream::Responder(bench::address(argv[1]), std::chrono::milliseconds(delay)).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "upstream: %s\n", error.what());
    return 2;
  }
}
