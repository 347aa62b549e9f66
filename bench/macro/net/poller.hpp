// epoll, level-triggered, as the bench's servers use it: each descriptor has a number that its owner knows.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <span>

#include "sockets.hpp"

namespace bench {

class Poller {
 public:
  Poller() : fd_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (fd_.get() < 0) fail("epoll_create1");
  }

  void add(const Descriptor& fd, std::uint64_t number) { control(EPOLL_CTL_ADD, fd, number, EPOLLIN); }
  void want_writable(const Descriptor& fd, std::uint64_t number, bool wanted) {
    control(EPOLL_CTL_MOD, fd, number, wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }

  /// What is ready; with a timeout in milliseconds or -1.
  std::span<const epoll_event> wait(int timeout = -1) {
    const int count = ::epoll_wait(fd_.get(), ready_.data(), static_cast<int>(ready_.size()), timeout);
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    return std::span(ready_).first(count < 0 ? 0U : static_cast<std::size_t>(count));
  }

 private:
  void control(int what, const Descriptor& fd, std::uint64_t number, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = number;
    if (::epoll_ctl(fd_.get(), what, fd.get(), &event) != 0) fail("epoll_ctl");
  }

  Descriptor fd_;
  std::array<epoll_event, 64> ready_{};
};

}  // namespace bench
