// The hot path allocates nothing: counted, not believed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "replay/lab.hpp"
#include "replay/records.hpp"

namespace {
thread_local std::size_t allocations = 0;
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t& /*unused*/) noexcept {
  ++allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace nld::replay {
namespace {

class HotPath : public testing::Test {
 protected:
  HotPath() {
    lab_.configure(". {\n errors\n cache 30\n loop\n forward . 10.0.0.1\n prometheus\n}\n");
    ask("one", "www.example.org.");
    answer({.rcode = "NOERROR", .answer = {"www.example.org. 60 IN A 192.0.2.1"}});
    ask("two", "gone.example.org.");
    answer({.rcode = "NXDOMAIN",
            .authority = {"example.org. 60 IN SOA ns.example.org. admin.example.org. 1 2 3 4 60"}});
  }
  /// For corefiles of their own.
  struct Bare {};
  explicit HotPath(Bare /*unused*/) {}
  explicit HotPath(const std::string& more) {
    lab_.configure(". {\n errors\n cache 30\n loop\n forward . 10.0.0.1\n prometheus\n" + more + "}\n");
    ask("one", "www.example.org.");
    answer({.rcode = "NOERROR", .answer = {"www.example.org. 60 IN A 192.0.2.1"}});
  }
  void ask(const std::string& id, const std::string& name) {
    lab_.query(id, make_query({.name = name, .type = "A"}, 1), pipeline::Transport::udp, "10.1.0.7");
  }
  void answer(const ResponseSpec& spec) {
    const auto asked = lab_.upstreams().at("10.0.0.1").front();
    asked->answer->deliver(make_response(asked->query, spec));
    lab_.settle();
  }
  /// Allocations for one query that is answered at once.
  std::size_t count(const std::string& name, pipeline::Transport transport = pipeline::Transport::udp,
                    const std::string& type = "A", const std::string& client = "10.1.0.7") {
    const std::vector<std::uint8_t> packet = make_query({.name = name, .type = type}, 2);
    std::vector<std::uint8_t> out(dns::kMaxMessageSize);
    const server::Inbound inbound{.packet = packet,
                                  .client = *runtime::SocketAddress::from_ip(client, 4000),
                                  .local = *runtime::SocketAddress::from_ip("169.254.20.10", 53),
                                  .transport = transport,
                                  .received = lab_.now()};
    std::size_t before = 0;
    for (int round = 0; round < 2; ++round) {  // the first one makes the metrics' series
      before = allocations;
      const auto handled = lab_.handler().handle(inbound, out, nullptr);
      EXPECT_EQ(handled.result, server::QueryHandler::Result::replied);
    }
    return allocations - before;
  }
  Lab lab_;
};

TEST_F(HotPath, CountsAllocations) {
  const std::size_t before = allocations;
  const auto memory = std::make_unique<int>(1);
  EXPECT_GT(allocations, before) << "the counter does not count";
}
TEST_F(HotPath, CachedAnswer) {
  EXPECT_EQ(count("www.example.org.", pipeline::Transport::udp), 0U);
}
TEST_F(HotPath, CachedAnswerOverTcp) {
  EXPECT_EQ(count("www.example.org.", pipeline::Transport::tcp), 0U);
}
TEST_F(HotPath, CachedDenial) {
  EXPECT_EQ(count("gone.example.org.", pipeline::Transport::udp), 0U);
}

/// Everything that looks at a query before the cache or changes its reply behind it.
class HotPathOfShapedReplies : public HotPath {
 protected:
  HotPathOfShapedReplies()
      : HotPath(
            " cancel 5s\n nsid node-7\n bufsize 1232\n local\n any\n chaos\n"
            " loadbalance round_robin {\n prefer 192.0.2.128/25\n }\n"
            " acl {\n allow type A net 10.1.0.0/16\n block net 10.2.0.0/16 fd00::/8\n }\n"
            " header {\n set ra\n query clear rd\n }\n minimal\n") {
    ask("many", "many.example.org.");
    answer({.rcode = "NOERROR",
            .answer = {"many.example.org. 60 IN CNAME b.example.org.", "b.example.org. 60 IN A 192.0.2.1",
                       "b.example.org. 60 IN A 192.0.2.2", "b.example.org. 60 IN A 192.0.2.129",
                       "b.example.org. 60 IN MX 10 m1.example.org.",
                       "b.example.org. 60 IN MX 10 m2.example.org."},
            .authority = {"example.org. 60 IN NS ns.example.org."}});
  }
};

TEST_F(HotPathOfShapedReplies, CachedAnswer) {
  EXPECT_EQ(count("www.example.org.", pipeline::Transport::udp), 0U);
}
TEST_F(HotPathOfShapedReplies, CachedAnswerOfManyRecords) {
  EXPECT_EQ(count("many.example.org.", pipeline::Transport::udp), 0U);
  EXPECT_EQ(count("many.example.org.", pipeline::Transport::tcp), 0U);
}

/// Rules of every kind, one of which is tried (its literal is there) and does not fit.
class HotPathBesideRules : public HotPath {
 protected:
  HotPathBesideRules()
      : HotPath(
            " rewrite name exact a.test b.test\n rewrite name prefix old. new.\n"
            " rewrite name suffix .b.test .c.test answer auto\n rewrite name substring -x- -y-\n"
            " rewrite name regex ^([0-9]+)\\.example\\.org\\.$ {1}.test\n"
            " rewrite name regex ^([0-9])\\. {1}.test\n rewrite type ANY HINFO\n rewrite class CH IN\n"
            " rewrite ttl regex [A-Z] 5\n rewrite rcode exact c.test SERVFAIL NXDOMAIN\n") {}
};

TEST_F(HotPathBesideRules, CachedAnswerThatNoneFits) {
  EXPECT_EQ(count("www.example.org.", pipeline::Transport::udp), 0U);
}
TEST_F(HotPathBesideRules, OneThatFitsMakesAQueryAndAnAnswerOfItsOwn) {
  ask("renamed", "a.test.");
  answer({.rcode = "NOERROR", .answer = {"b.test. 60 IN A 192.0.2.1"}});
  EXPECT_LE(count("a.test."), 8U);
}

class HotPathBehindMetadata : public HotPath {
 protected:
  HotPathBehindMetadata() : HotPath(" metadata example.org\n") {}
};

TEST_F(HotPathBehindMetadata, CachedAnswer) {
  EXPECT_EQ(count("www.example.org."), 0U);
}

/// Plugins that answer by themselves, without a cache in front of them.
class HotPathOfOwnAnswers : public HotPath {
 protected:
  HotPathOfOwnAnswers() : HotPath(Bare{}) {
    lab_.configure(
        ". {\n errors\n prometheus\n"
        " template IN A a-rather-long-name-of-a-zone.test {\n match ^b[0-9]+\\.\n rcode NXDOMAIN\n }\n"
        " template ANY MX {\n rcode NOERROR\n }\n"
        " template IN A fixed.test {\n answer \"fixed.test. 60 IN A 192.0.2.1\"\n }\n"
        " hosts {\n 10.0.0.1 a-rather-long-name-of-a-host.test\n 10.0.0.2 *.wild.test\n }\n}\n");
  }
};

TEST_F(HotPathOfOwnAnswers, HostsAnswers) {
  EXPECT_EQ(count("a-rather-long-name-of-a-host.test."), 1U);
  EXPECT_EQ(count("a-rather-long-name-of-a-host.test.", pipeline::Transport::udp, "AAAA"), 1U);
  EXPECT_EQ(count("any.wild.test."), 1U);
  EXPECT_EQ(count("1.0.0.10.in-addr.arpa.", pipeline::Transport::udp, "PTR"), 1U);
}
TEST_F(HotPathOfOwnAnswers, HostsKnowsNothing) {
  EXPECT_EQ(count("another-rather-long-name-of-a-host.test."), 0U);
}
TEST_F(HotPathOfOwnAnswers, TemplateAnswers) {
  EXPECT_EQ(count("b17.a-rather-long-name-of-a-zone.test."), 1U);
  EXPECT_EQ(count("a-rather-long-name.test.", pipeline::Transport::udp, "MX"), 1U);
  EXPECT_EQ(count("fixed.test."), 2U) << "the answer, and the list of its records";
}
TEST_F(HotPathOfOwnAnswers, TemplateDoesNotMatch) {
  EXPECT_EQ(count("c17.a-rather-long-name-of-a-zone.test."), 0U);
}

class HotPathOfDns64 : public HotPath {
 protected:
  HotPathOfDns64() : HotPath(" dns64\n") {
    lab_.query("six", make_query({.name = "six.example.org.", .type = "AAAA"}, 1), pipeline::Transport::udp,
               "fd00::7");
    answer({.rcode = "NOERROR", .answer = {"six.example.org. 60 IN AAAA 2001:db8::1"}});
    lab_.query("four", make_query({.name = "four.example.org.", .type = "AAAA"}, 1), pipeline::Transport::udp,
               "fd00::7");
    answer({.rcode = "NOERROR",
            .authority = {"example.org. 60 IN SOA ns.example.org. admin.example.org. 1 2 3 4 60"}});
    answer({.rcode = "NOERROR", .answer = {"four.example.org. 60 IN A 192.0.2.1"}});
  }
};

TEST_F(HotPathOfDns64, NativeAnswer) {
  EXPECT_EQ(count("six.example.org.", pipeline::Transport::udp, "AAAA", "fd00::7"), 0U);
  EXPECT_EQ(count("www.example.org.", pipeline::Transport::udp, "A", "fd00::7"), 0U);
}
TEST_F(HotPathOfDns64, RecordsThatAreMade) {
  EXPECT_LE(count("four.example.org.", pipeline::Transport::udp, "AAAA", "fd00::7"), 8U);
}

}  // namespace
}  // namespace nld::replay
