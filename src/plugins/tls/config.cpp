// tls CERT KEY [CA] { … }: the certificate of a tls:// server block.
#include <algorithm>
#include <chrono>

#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"
#include "tls/context.hpp"

namespace nld::plugins {
namespace {

constexpr Option<tls::ServerSettings> kTlsOptions[] = {
    {"client_auth",
     [](Arguments& arguments, tls::ServerSettings& settings) {
       // In the order of tls::ClientAuth.
       static constexpr std::string_view kWords[] = {"nocert", "request", "require", "verify_if_given",
                                                     "require_and_verify"};
       settings.client_auth = static_cast<tls::ClientAuth>(arguments.choice("POLICY", kWords));
     }},
    {"keylog",
     [](Arguments& arguments, tls::ServerSettings&) {
       arguments.fail("is not supported, as it lets others read what was encrypted; remove the line");
     }},
};

bool verifies(tls::ClientAuth auth) noexcept {
  return auth == tls::ClientAuth::verify_if_given || auth == tls::ClientAuth::require_and_verify;
}

}  // namespace

Result setup_tls(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "tls", context);
  tls::ServerSettings settings;
  settings.certificate = arguments.file("CERT");
  settings.key = arguments.file("KEY");
  if (arguments.more()) settings.authorities = arguments.file("CA");
  if (Result done = arguments.finish(); !done) return done;
  if (Result done = read_options(line, kTlsOptions, settings, context); !done) return done;
  auto made = tls::ServerContext::make(settings);
  if (!made) return std::unexpected(corefile::Diagnostic{line.where(), "tls: " + made.error()});
  if ((*made)->not_after() < std::chrono::system_clock::now()) arguments.warn("CERT has expired");
  if (!settings.authorities.empty() && !verifies(settings.client_auth)) {
    arguments.warn("CA has no effect without client_auth verify_if_given or require_and_verify");
  }
  if (std::ranges::none_of(block.zones, [](const ZoneKey& key) { return key.scheme == Scheme::tls; })) {
    arguments.warn("has no effect: no zone of this server block is a tls:// one");
  }
  block.tls = *std::move(made);
  return {};
}

}  // namespace nld::plugins
