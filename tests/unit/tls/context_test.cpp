// What contexts take and refuse, and what makes two of them equal.
#include "tls/context.hpp"

#include <gtest/gtest.h>

#include "unit/tls/certificates.hpp"

namespace nld::testing {
namespace {

using tls::ClientAuth;
using tls::ClientContext;
using tls::ServerContext;

struct Contexts : ::testing::Test {
  Authority authority;
  Identity identity = authority.issue("DNS:dns.test");
  Identity other = authority.issue("DNS:other.test");

  std::string refused_by_client(const tls::ClientSettings& settings) {
    const auto made = ClientContext::make(settings);
    return made ? "" : made.error();
  }
  std::string refused_by_server(const tls::ServerSettings& settings) {
    const auto made = ServerContext::make(settings);
    return made ? "" : made.error();
  }
};

TEST_F(Contexts, TakeEveryFormOfAClient) {
  EXPECT_EQ(refused_by_client({}), "");
  EXPECT_EQ(refused_by_client({.authorities = authority.pem()}), "");
  EXPECT_EQ(refused_by_client({.certificate = identity.certificate, .key = identity.key}), "");
  EXPECT_EQ(refused_by_client({identity.certificate, identity.key, authority.pem()}), "");
}

TEST_F(Contexts, SayWhatIsWrong) {
  const char* const kNoCert = "CERT holds no certificate, expected one in PEM form";
  const char* const kNoKey = "KEY holds no private key, expected one in PEM form";
  EXPECT_EQ(refused_by_client({.authorities = "words"}),
            "CA holds no certificate, expected some in PEM form");
  EXPECT_EQ(refused_by_client({.certificate = "words", .key = identity.key}), kNoCert);
  EXPECT_EQ(refused_by_client({.certificate = identity.certificate, .key = "words"}), kNoKey);
  EXPECT_EQ(refused_by_client({.certificate = identity.key, .key = identity.certificate}), kNoCert);
  EXPECT_EQ(refused_by_server({}), kNoCert);
  EXPECT_EQ(refused_by_server({.certificate = identity.certificate}), kNoKey);
  EXPECT_EQ(refused_by_server({.certificate = identity.certificate, .key = other.key}),
            "KEY does not belong to the first certificate of CERT");
}

TEST_F(Contexts, RefuseAKeyThatWantsAPassphraseWithoutAskingForIt) {
  const tls::BioHandle in(BIO_new_mem_buf(identity.key.data(), static_cast<int>(identity.key.size())));
  const tls::KeyHandle key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
  const tls::BioHandle out(BIO_new(BIO_s_mem()));
  const unsigned char word[] = "secret";
  ASSERT_EQ(PEM_write_bio_PrivateKey(out.get(), key.get(), EVP_aes_128_cbc(), word, 6, nullptr, nullptr), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  EXPECT_EQ(refused_by_server({.certificate = identity.certificate,
                               .key = std::string(data, static_cast<std::size_t>(size))}),
            "KEY is encrypted, expected one without a passphrase");
}

TEST_F(Contexts, TakeAChainAndSeveralAuthorities) {
  const auto server =
      ServerContext::make({.certificate = identity.certificate + authority.pem(), .key = identity.key});
  ASSERT_TRUE(server) << server.error();
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs((*server)->native(), &chain);
  EXPECT_EQ(sk_X509_num(chain), 1);
  EXPECT_EQ(refused_by_client({.authorities = authority.pem() + Authority("another").pem()}), "");
}

TEST_F(Contexts, KnowWhenTheCertificateEnds) {
  const auto now = std::chrono::system_clock::now();
  const Identity old = authority.issue("DNS:dns.test", -1);
  const auto fresh = ServerContext::make({.certificate = identity.certificate, .key = identity.key});
  const auto expired = ServerContext::make({.certificate = old.certificate, .key = old.key});
  ASSERT_TRUE(fresh && expired);
  EXPECT_LT(std::chrono::abs((*fresh)->not_after() - now - std::chrono::days(1)), std::chrono::minutes(2));
  EXPECT_LT((*expired)->not_after(), now);
}

TEST_F(Contexts, AreEqualWhenTheirSettingsAre) {
  const auto digest = [](const tls::ServerSettings& settings) {
    return ServerContext::make(settings).value()->digest();
  };
  const tls::ServerSettings plain{.certificate = identity.certificate, .key = identity.key};
  tls::ServerSettings asking = plain;
  asking.client_auth = ClientAuth::require;
  EXPECT_EQ(digest(plain), digest(plain));
  EXPECT_NE(digest(plain), digest(asking));
  EXPECT_NE(digest(plain), digest({.certificate = other.certificate, .key = other.key}));

  const tls::Peer one{ClientContext::make({}).value(), "dns.test"};
  const tls::Peer same{ClientContext::make({}).value(), "dns.test"};
  const tls::Peer renamed{one.context, "other.test"};
  const tls::Peer trusting{ClientContext::make({.authorities = authority.pem()}).value(), "dns.test"};
  EXPECT_EQ(one, same);
  EXPECT_TRUE((one <=> same) == 0);
  EXPECT_NE(one, renamed);
  EXPECT_NE(one, trusting);
}

}  // namespace
}  // namespace nld::testing
