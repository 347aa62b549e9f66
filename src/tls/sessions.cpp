// A few sessions, newest last.
#include "tls/sessions.hpp"

#include <algorithm>

namespace nld::tls {
namespace {

int collect(SSL* connection, SSL_SESSION* session) {
  auto* sessions = static_cast<Sessions*>(SSL_get_app_data(connection));
  if (sessions == nullptr) return 0;
  sessions->keep(SessionHandle(session));
  return 1;  // it is ours now
}

}  // namespace

void Sessions::collect_from(SSL_CTX* context) noexcept {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, collect);
}

void Sessions::keep(SessionHandle session) noexcept {
  if (size_ == kMost) {
    std::ranges::rotate(kept_, kept_.begin() + 1);
    --size_;
  }
  kept_[size_++] = std::move(session);
}

SessionHandle Sessions::take() noexcept {
  while (size_ > 0) {
    SessionHandle& newest = kept_[size_ - 1];
    if (SSL_SESSION_is_resumable(newest.get()) != 1) {
      newest.reset();
      --size_;
      continue;
    }
    if (SSL_SESSION_get_protocol_version(newest.get()) < TLS1_3_VERSION) {
      SSL_SESSION_up_ref(newest.get());
      return SessionHandle(newest.get());
    }
    --size_;
    return std::move(newest);
  }
  return nullptr;
}

}  // namespace nld::tls
