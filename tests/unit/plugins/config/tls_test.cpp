// The directive `tls`, tls:// zones, and which of them may share a port.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/plugins/config/world.hpp"
#include "unit/tls/certificates.hpp"

namespace nld::plugins::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct TlsDirective : ::testing::Test {
  nld::testing::Authority authority;
  nld::testing::Identity one = authority.issue("DNS:dns.test");
  nld::testing::Identity two = authority.issue("DNS:dns.test");
  nld::testing::Identity old = authority.issue("DNS:dns.test", -1);
  World world{.files = {{"/cert", one.certificate},
                        {"/key", one.key},
                        {"/ca", authority.pem()},
                        {"/cert2", two.certificate},
                        {"/key2", two.key},
                        {"/old", old.certificate},
                        {"/oldkey", old.key},
                        {"/words", "words"}},
              .interfaces = {}};

  std::string error_of(const std::string& text) {
    const auto config = load(text, world);
    return config ? "" : config.error();
  }
  std::string error_of_line(const std::string& line) {
    return error_of("tls://. {\n" + line + "\nwhoami\n}\n");
  }
  std::vector<std::string> warnings_of_line(const std::string& line, const std::string& zone = "tls://.") {
    const auto config = load(zone + " {\n" + line + "\nwhoami\n}\n", world);
    std::vector<std::string> out;
    EXPECT_TRUE(config) << config.error();
    if (!config) return out;
    for (const corefile::Diagnostic& warning : config->warnings) out.push_back(warning.to_string());
    return out;
  }
};

TEST_F(TlsDirective, MakesTheBlocksContext) {
  const auto config = load("tls://a.test tls://b.test:8853 c.test {\ntls /cert /key\nwhoami\n}\n", world);
  ASSERT_TRUE(config) << config.error();
  const BlockConfig& block = config->blocks.front();
  ASSERT_NE(block.tls, nullptr);
  ASSERT_EQ(block.zones.size(), 3U);
  EXPECT_EQ(block.zones[0].port, 853);
  EXPECT_EQ(block.zones[0].scheme, Scheme::tls);
  EXPECT_EQ(block.zones[1].port, 8853);
  EXPECT_EQ(block.zones[2].port, 53);
  EXPECT_EQ(block.zones[2].scheme, Scheme::dns);
  EXPECT_THAT(config->files, ElementsAre("/cert", "/key")) << "watched for changes";
  EXPECT_THAT(config->warnings, IsEmpty());
  EXPECT_THAT(block.directives, ElementsAre("whoami")) << "no handler, as in CoreDNS";
}

TEST_F(TlsDirective, TheDefaultPortFlagIsForPlainDns) {
  const corefile::Surroundings surroundings = world.surroundings();
  const auto syntax = corefile::parse("tls://. . {\ntls /cert /key\nwhoami\n}\n", "Corefile", surroundings);
  const auto config = configure(*syntax, surroundings, 5300);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->blocks[0].zones[0].port, 853);
  EXPECT_EQ(config->blocks[0].zones[1].port, 5300);
}

TEST_F(TlsDirective, TakesEveryPolicyForClients) {
  for (const char* policy : {"nocert", "request", "require", "verify_if_given", "require_and_verify"}) {
    EXPECT_EQ(error_of_line("tls /cert /key {\nclient_auth " + std::string(policy) + "\n}"), "");
    EXPECT_EQ(error_of_line("tls /cert /key /ca {\nclient_auth " + std::string(policy) + "\n}"), "");
  }
}

TEST_F(TlsDirective, Refused) {
  const std::pair<const char*, const char*> kCases[] = {
      {"tls", "Corefile:2: tls: CERT is missing"},
      {"tls /cert", "Corefile:2: tls: KEY is missing"},
      {"tls /cert /key /ca /ca", "Corefile:2: tls: unexpected argument '/ca'"},
      {"tls /missing /key", "tls: cannot read file '/missing': No such file"},
      {"tls /words /key", "Corefile:2: tls: CERT holds no certificate, expected one in PEM form"},
      {"tls /cert /words", "tls: KEY holds no private key"},
      {"tls /cert /key2", "tls: KEY does not belong to the first certificate of CERT"},
      {"tls /cert /key /words", "tls: CA holds no certificate"},
      {"tls /cert /key\ntls /cert /key", "Corefile:3: tls: already given on line 2"},
      {"tls /cert /key {\nclient_auth\n}", "Corefile:3: tls: client_auth: POLICY is missing"},
      {"tls /cert /key {\nclient_auth maybe\n}",
       "tls: client_auth: POLICY 'maybe' is wrong, expected one of nocert, request, require"},
      {"tls /cert /key {\nclient_auth require now\n}", "client_auth: unexpected argument 'now'"},
      {"tls /cert /key {\nkeylog /tmp/keys\n}", "Corefile:3: tls: keylog: is not supported"},
      {"tls /cert /key {\nclientauth require\n}", "unknown option 'clientauth', did you mean 'client_auth'"},
  };
  for (const auto& [lines, error] : kCases) EXPECT_THAT(error_of_line(lines), HasSubstr(error)) << lines;
}

TEST_F(TlsDirective, Warns) {
  EXPECT_THAT(warnings_of_line("tls /cert /key", "."),
              ElementsAre("Corefile:2: tls: has no effect: no zone of this server block is a tls:// one"));
  EXPECT_THAT(warnings_of_line("tls /old /oldkey"), ElementsAre("Corefile:2: tls: CERT has expired"));
  EXPECT_THAT(warnings_of_line("tls /cert /key /ca"),
              ElementsAre("Corefile:2: tls: CA has no effect without client_auth verify_if_given or "
                          "require_and_verify"));
  EXPECT_THAT(warnings_of_line("tls /cert /key /ca {\nclient_auth require_and_verify\n}"), IsEmpty());
}

TEST_F(TlsDirective, ATlsZoneNeedsACertificate) {
  EXPECT_EQ(error_of("tls://. {\nwhoami\n}\n"),
            "Corefile:1: server block: tls:// needs a certificate, expected a line 'tls CERT KEY' in it");
}

TEST_F(TlsDirective, OneZonePlainlyAndOverTls) {
  EXPECT_EQ(error_of(". tls://. {\ntls /cert /key\nwhoami\n}\n"), "");
  EXPECT_EQ(error_of(". {\nwhoami\n}\ntls://. {\ntls /cert /key\nwhoami\n}\n"), "");
}

TEST_F(TlsDirective, APortOfAnAddressIsOneThing) {
  const std::string tls = "{\ntls /cert /key\nwhoami\n}\n";
  EXPECT_EQ(
      error_of("tls://a.test:853 " + tls + "dns://b.test:853 {\nwhoami\n}\n"),
      "Corefile:5: cannot serve dns://b.test.:853 - tls:// is served on that port at Corefile:1, expected "
      "another port");
  EXPECT_EQ(error_of("tls://a.test:853 {\nbind 10.0.0.1\ntls /cert /key\nwhoami\n}\n"
                     "dns://b.test:853 {\nbind 10.0.0.2\nwhoami\n}\n"),
            "");
  EXPECT_THAT(error_of("tls://a.test:853 {\nbind 10.0.0.1\ntls /cert /key\nwhoami\n}\n"
                       "dns://b.test:853 {\nbind 10.0.0.2 10.0.0.1\nwhoami\n}\n"),
              HasSubstr("Corefile:6: cannot serve dns://b.test.:853 - tls:// is served on that port"));
  EXPECT_EQ(error_of("tls://a.test " + tls + "tls://b.test " + tls), "");
  EXPECT_EQ(error_of("tls://a.test " + tls + "tls://b.test {\ntls /cert2 /key2\nwhoami\n}\n"),
            "Corefile:5: cannot serve tls://b.test.:853 - the port has another certificate at Corefile:1, "
            "expected the same 'tls' line in all tls:// blocks of a port");
  EXPECT_EQ(error_of("tls://a.test " + tls + "tls://b.test:8853 {\ntls /cert2 /key2\nwhoami\n}\n"), "");
  EXPECT_THAT(error_of("tls://a.test " + tls + "tls://a.test " + tls),
              HasSubstr("cannot serve tls://a.test.:853 - it is already defined at Corefile:1"));
}

}  // namespace
}  // namespace nld::plugins::testing
