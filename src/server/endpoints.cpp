// Routes by address, opened before the old ones close.
#include "server/endpoints.hpp"

namespace nld::server {

Endpoints::Endpoints(boost::asio::io_context& loop, runtime::Clock& clock, runtime::Log& log,
                     EndpointSources sources)
    : loop_(loop), clock_(clock), log_(log), sources_(std::move(sources)) {}

std::expected<void, std::string> Endpoints::prepare(const plugins::ServerConfig& config) {
  std::map<runtime::SocketAddress, http::Routes> wanted;
  for (const plugins::BlockConfig& block : config.blocks) {
    if (block.prometheus) {
      wanted[*block.prometheus]["/metrics"] = [this] {
        return http::Response{.content_type = http::kExpositionType, .body = sources_.metrics()};
      };
    }
    if (block.health) {
      wanted[block.health->address]["/health"] = [] { return http::Response{.body = "OK"}; };
    }
    if (block.ready) {
      wanted[*block.ready]["/ready"] = [this] {
        if (sources_.ready()) return http::Response{.body = "OK"};
        return http::Response{.status = 503, .body = "draining"};
      };
    }
  }
  prepared_.clear();
  for (auto& [address, routes] : wanted) {
    auto listener = http::PatientListener::open(loop_, clock_, log_, address, std::move(routes));
    if (!listener) {
      prepared_.clear();
      return std::unexpected(listener.error());
    }
    prepared_.emplace(address, std::move(*listener));
  }
  return {};
}

void Endpoints::commit() {
  current_ = std::move(prepared_);
  prepared_.clear();
}

}  // namespace nld::server
