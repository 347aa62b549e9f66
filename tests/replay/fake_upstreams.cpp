// The Exchanger that hands questions to the scenario.
#include "replay/fake_upstreams.hpp"

namespace nld::replay {

namespace asio = boost::asio;
using upstream::ExchangeError;
using upstream::ExchangeResult;

class FakeUpstreams::Server final : public upstream::Exchanger {
 public:
  Server(FakeUpstreams& owner, std::string ip) : owner_(owner), ip_(std::move(ip)) {}

  runtime::Task<ExchangeResult> exchange(const upstream::Question& question, upstream::Protocol protocol,
                                         runtime::TimePoint deadline) override {
    auto asked = std::make_shared<Asked>();
    asked->query.assign(question.message.begin(), question.message.end());
    asked->protocol = protocol;
    asked->answer =
        std::make_shared<runtime::Completion<std::expected<std::vector<std::uint8_t>, std::string>>>();
    owner_.at(ip_).push_back(asked);
    auto said = co_await asked->answer->wait(owner_.clock_, deadline);
    std::erase(owner_.at(ip_), asked);
    if (!said) co_return std::unexpected(ExchangeError{ExchangeError::Kind::timeout, "i/o timeout"});
    if (!*said) co_return std::unexpected(ExchangeError{ExchangeError::Kind::refused, said->error()});
    upstream::Response response;
    response.message.assign((**said).begin(), (**said).end());
    response.protocol = protocol;
    const auto info = dns::examine_response(response.message, question.name, question.type, question.cls);
    if (!info) co_return std::unexpected(ExchangeError{ExchangeError::Kind::malformed, "malformed"});
    response.info = *info;
    co_return response;
  }
  void close() noexcept override {}

 private:
  FakeUpstreams& owner_;
  std::string ip_;
};

upstream::WorkerUpstreams::Factory FakeUpstreams::factory() {
  return [this](const runtime::SocketAddress& address, const upstream::TransportOptions&) {
    return std::make_shared<Server>(*this, address.ip_text());
  };
}

}  // namespace nld::replay
