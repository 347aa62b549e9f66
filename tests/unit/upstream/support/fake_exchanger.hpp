// An upstream without sockets: says what the test wants it to say.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "runtime/completion.hpp"
#include "runtime/task.hpp"
#include "unit/upstream/support/messages.hpp"
#include "upstream/exchange.hpp"

namespace nld::testing {

class FakeExchanger final : public upstream::Exchanger {
 public:
  struct Asked {
    Message message;
    upstream::Protocol protocol{};
    runtime::TimePoint at;
    runtime::TimePoint deadline;
  };
  /// What to do about a question: a message, an error, or silence until the deadline.
  struct Silence {};
  using Behaviour = std::variant<Silence, Message, upstream::ExchangeError>;

  explicit FakeExchanger(runtime::Clock& clock) : clock_(&clock) {}

  std::function<Behaviour(const Asked&)> behave = [](const Asked&) { return Silence{}; };
  std::vector<Asked> asked;

  void says(const Says& what) {
    behave = [what](const Asked& question) { return answer_to(question.message, what); };
  }
  void fails(upstream::ExchangeError::Kind kind, std::string text) {
    behave = [kind, text](const Asked&) { return upstream::ExchangeError{kind, text}; };
  }
  void is_silent() {
    behave = [](const Asked&) { return Silence{}; };
  }

  runtime::Task<upstream::ExchangeResult> exchange(const upstream::Question& question,
                                                   upstream::Protocol protocol,
                                                   runtime::TimePoint deadline) override {
    asked.push_back({{question.message.begin(), question.message.end()}, protocol, clock_->now(), deadline});
    const Behaviour behaviour = behave(asked.back());
    if (const auto* error = std::get_if<upstream::ExchangeError>(&behaviour))
      co_return std::unexpected(*error);
    if (const auto* message = std::get_if<Message>(&behaviour)) {
      upstream::Response response{{message->begin(), message->end()}, {}, protocol};
      const auto info = dns::examine_response(response.message, question.name, question.type, question.cls);
      if (!info) {
        upstream::ExchangeError bad{upstream::ExchangeError::Kind::malformed, "bad answer in test"};
        co_return std::unexpected(bad);
      }
      response.info = *info;
      co_return response;
    }
    runtime::Completion<std::monostate> never;
    co_await never.wait(*clock_, deadline);
    upstream::ExchangeError timeout{upstream::ExchangeError::Kind::timeout, "read udp: i/o timeout"};
    co_return std::unexpected(timeout);
  }

 private:
  runtime::Clock* clock_;
};

}  // namespace nld::testing
