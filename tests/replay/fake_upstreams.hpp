// Upstream servers that answer when the scenario says so.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/completion.hpp"
#include "runtime/manual_clock.hpp"
#include "upstream/worker_upstreams.hpp"

namespace nld::replay {

class FakeUpstreams {
 public:
  explicit FakeUpstreams(runtime::Clock& clock) noexcept : clock_(clock) {}

  struct Asked {
    std::vector<std::uint8_t> query;
    upstream::Protocol protocol{};
    bool accounted = false;  ///< a scenario line `asked` named it
    std::shared_ptr<runtime::Completion<std::expected<std::vector<std::uint8_t>, std::string>>> answer;
  };

  upstream::WorkerUpstreams::Factory factory();
  std::deque<std::shared_ptr<Asked>>& at(const std::string& ip) { return questions_[ip]; }
  [[nodiscard]] const std::map<std::string, std::deque<std::shared_ptr<Asked>>>& all() const noexcept {
    return questions_;
  }

 private:
  class Server;
  runtime::Clock& clock_;
  std::map<std::string, std::deque<std::shared_ptr<Asked>>> questions_;
};

}  // namespace nld::replay
