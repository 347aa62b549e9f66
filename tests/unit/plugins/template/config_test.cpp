// The `template` directive and the text of records: what is taken and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ldns/ldns.h>

#include "plugins/template/rule.hpp"
#include "unit/plugins/config/world.hpp"

namespace nld::plugins::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(TemplateConfig, EveryOption) {
  const BlockConfig block = accepted(
      "template IN A a.test b.test {\nmatch ^x \"^ip-(?P<a>[0-9]*)[.](b)$\"\nadditional \"{{ .Name }} 60 IN "
      "A 1.2.3.4\"\n"
      "answer \"{{ .Name }} 60 IN A {{ .Group.a }}\" \"a.test 60 IN A 192.0.2.1\"\n"
      "authority \"b.test. 60 IN SOA ns.b.test. h.b.test. (1 60 60 60 60)\"\n"
      "rcode NXDOMAIN\nederror 21 \"no such\"\nfallthrough a.test\nupstream\n}");
  ASSERT_EQ(block.templates.size(), 1U);
  const TemplateRule& rule = *block.templates.front();
  EXPECT_EQ(rule.cls, dns::RRClass::IN);
  EXPECT_EQ(rule.type, dns::RRType::A);
  EXPECT_THAT(texts(rule.zones), ElementsAre("a.test.", "b.test."));
  ASSERT_EQ(rule.patterns.size(), 2U);
  EXPECT_THAT(rule.patterns[1].groups, ElementsAre("", "a", ""));
  ASSERT_EQ(rule.records.size(), 4U);
  EXPECT_EQ(rule.records[0].section, dns::Section::answer);
  EXPECT_FALSE(rule.records[0].constant);
  EXPECT_TRUE(rule.records[1].constant) << "no query changes it";
  EXPECT_EQ(rule.records[2].section, dns::Section::authority);
  EXPECT_EQ(rule.records[3].section, dns::Section::additional);
  EXPECT_TRUE(rule.uses_groups);
  EXPECT_EQ(rule.rcode, dns::Rcode::NXDOMAIN);
  EXPECT_EQ(rule.extended_error, dns::ExtendedError::not_supported);
  EXPECT_EQ(rule.extended_error_text, "no such");
  EXPECT_THAT(texts(rule.fallthrough), ElementsAre("a.test."));
  EXPECT_THAT(block.directives, ElementsAre("template", "forward"));
}

TEST(TemplateConfig, LittleIsNeeded) {
  const BlockConfig block = accepted("template ANY AAAA\ntemplate IN TYPE65280 {\nrcode NOERROR\n}");
  ASSERT_EQ(block.templates.size(), 2U);
  EXPECT_THAT(texts(block.templates[0]->zones), ElementsAre("."));
  EXPECT_THAT(block.templates[0]->patterns, IsEmpty());
  EXPECT_THAT(block.templates[0]->fallthrough, IsEmpty());
  EXPECT_THAT(warnings_of("template ANY AAAA"), IsEmpty());
}

TEST(TemplateConfig, Refused) {
  const std::pair<const char*, const char*> kCases[] = {
      {"template", "Corefile:2: template: CLASS is missing"},
      {"template IN", "template: TYPE is missing"},
      {"template XX A {\nrcode NOERROR\n}", "template: CLASS 'XX' is wrong"},
      {"template IN QQQ {\nrcode NOERROR\n}", "template: TYPE 'QQQ' is wrong"},
      {"template IN A {\nmatch ())\nrcode NOERROR\n}",
       "template: match: REGEX '())' is wrong, expected a regular"},
      {"template IN A {\nmatch\n}", "template: match: REGEX is missing"},
      {"template IN A {\nanswer\n}", "template: answer: RR is missing"},
      {"template IN A {\nadditional\n}", "template: additional: RR is missing"},
      {"template IN A {\nauthority\n}", "template: authority: RR is missing"},
      {"template IN A {\nrcode NOPE\n}", "template: rcode: CODE 'NOPE' is wrong"},
      {"template IN A {\nederror many\n}", "template: ederror: EXTENDED_ERROR_CODE 'many' is wrong"},
      {"template IN A {\nfallthrough a..b\n}", "template: fallthrough: ZONES: "},
      {"template IN A {\nanser x\n}", "template: unknown option 'anser', did you mean 'answer'"},
      {"template IN A {\nanswer \"{{ .Nmae }} 60 IN A 1.2.3.4\"\n}",
       "Corefile:3: template: answer: RR '{{ .Nmae }} 60 IN A 1.2.3.4' is wrong at character 4: there is no "
       "field "
       "'.Nmae'"},
      {"template IN A {\nanswer \"{{ .Name 60 IN A\"\n}", "is wrong at character 1: '{{' without '}}'"},
      {"template IN A {\nanswer \"a.test. 60 IN A 1.2.3\"\n}",
       "Corefile:2: template: RR 'a.test. 60 IN A 1.2.3' is wrong: A: '1.2.3' is no IPv4 address"},
      {"template IN A a.test {\nanswer \"{{ .Zone }} 60 IN {{ .Type }}\"\n}",
       "template: RR '{{ .Zone }} 60 IN {{ .Type }}' is wrong: A: the record's data is not all there"},
  };
  for (const auto& [lines, error] : kCases) EXPECT_THAT(refused(lines), HasSubstr(error)) << lines;
  const std::string many(300, 'x');
  EXPECT_THAT(refused("template IN A {\nederror 1 " + many + "\n}"), HasSubstr("longer than 255 octets"));
  EXPECT_THAT(refused("template IN A {\nmatch " + std::string(10'001, 'x') + "\n}"),
              HasSubstr("longer than 10000"));
}

/// RDATA by ldns, in wire form.
std::vector<std::uint8_t> by_ldns(const char* text) {
  ldns_rr* record = nullptr;
  if (ldns_rr_new_frm_str(&record, text, 3600, nullptr, nullptr) != LDNS_STATUS_OK) return {};
  ldns_buffer* buffer = ldns_buffer_new(65535);
  ldns_rr_rdata2buffer_wire(buffer, record);
  const std::uint8_t* begin = ldns_buffer_begin(buffer);
  const std::vector<std::uint8_t> all(begin, begin + ldns_buffer_position(buffer));
  ldns_buffer_free(buffer);
  ldns_rr_free(record);
  return all;
}

TEST(RecordText, AgreesWithLdns) {
  for (const char* text :
       {"a.test. 60 IN A 192.0.2.1",
        "a.test. 60 IN AAAA 2001:db8::1",
        "a.test. 1h30m NS ns.test.",
        "a.test. CNAME b.test.",
        "a.test. 60 IN MX 10 m.test.",
        "a.test. 60 IN SRV 1 2 53 s.test.",
        "a.test. 60 IN TXT \"one two\" three \"q\\\"\\065\"",
        "a.test. 60 IN PTR p.test.",
        "a.test. 60 IN SOA ns.test. h.test. (1 1h 60 ; comment\n 1w 60)",
        "a.test. 60 IN DNAME d.test.",
        "a.test. 60 IN NAPTR 1 2 \"S\" \"SIP+D2U\" \"!^.*$!x!\" _sip.test.",
        "a.test. 60 IN HINFO \"a\" \"b\"",
        "a.test. 60 IN DS 1 8 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF",
        "a.test. 60 IN TLSA 3 1 1 (d2abde24 0d7cd3ee6b4b28c54df034b9 7983a1d16e8a410e4561cb106618e971)",
        "a.test. 60 IN SSHFP 1 1 aabbccddeeff00112233445566778899aabbccdd",
        "a.test. 60 IN CAA 0 issue \"ca.test\"",
        "a.test. 60 IN RP a.test. b.test.",
        "a.test. 60 IN DNSKEY 256 3 8 AwEAAcw=",
        "a.test. 60 IN TYPE65280 \\# 4 c0000201",
        "a.test. 60 IN URI 1 2 \"http://a\"",
        "a.test. 60 IN AFSDB 1 b.test.",
        "a.test. 60 IN A \\# 4 c0000201"}) {
    const auto record = parse_record(text);
    ASSERT_TRUE(record) << text << ": " << record.error();
    EXPECT_EQ(record->owner.to_text(), "a.test.") << text;
    const auto wanted = by_ldns(text);
    EXPECT_FALSE(wanted.empty()) << text;
    EXPECT_EQ(record->rdata, wanted) << text;
  }
}

TEST(RecordText, Defaults) {
  const auto record = parse_record("A.test A 192.0.2.1");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->owner.to_text(), "A.test.") << "relative names count from the root";
  EXPECT_EQ(record->ttl, 3600U);
  EXPECT_EQ(record->cls, dns::RRClass::IN);
  EXPECT_EQ(parse_record("a CH 5 TXT x")->cls, dns::RRClass::CH) << "class and TTL in either order";
  EXPECT_EQ(parse_record("a 1h30m TXT x")->ttl, 5400U);
  EXPECT_EQ(parse_record("@ A 192.0.2.1\nb A 192.0.2.2")->owner.to_text(), ".") << "one record";
}

TEST(RecordText, Refuses) {
  const std::pair<const char*, const char*> kCases[] = {
      {"", "it is empty"},
      {"a..b A 1.2.3.4", "name 'a..b': empty label"},
      {"a.test.", "a type is missing"},
      {"a.test. 60 IN NOPE x", "'NOPE' is no type"},
      {"a.test. 60 IN ANY x", "'ANY' is no type that a record can have"},
      {"a.test. 60 60 A 1.2.3.4", "'60' is no type"},
      {"a.test. A", "A: the record's data is not all there"},
      {"a.test. A 1.2.3.4 5", "A: '5' is too much"},
      {"a.test. A 1.2.3", "A: '1.2.3' is no IPv4 address"},
      {"a.test. AAAA 1.2.3.4", "AAAA: '1.2.3.4' is no IPv6 address"},
      {"a.test. MX 70000 b.", "MX: '70000' is no number of at most 65535"},
      {"a.test. SOA a. b. 1 2 3 4 x", "SOA: 'x' is no number of seconds"},
      {"a.test. TXT \"x", "'\"' without another one"},
      {"a.test. TXT \\300", "TXT: a bad escape"},
      {"a.test. TXT ( x", "'(' without ')'"},
      {"a.test. TXT x )", "')' without '('"},
      {"a.test. DS 1 8 2 abc", "DS: an odd number of hexadecimal digits"},
      {"a.test. DS 1 8 2 xx", "DS: 'xx' is not hexadecimal"},
      {"a.test. DNSKEY 1 3 8 ?bcd", "DNSKEY: '?bcd' is not base64"},
      {"a.test. A \\# 5 c0000201", "A: the data after '\\#' has another length"},
      {"a.test. LOC 1 2 3", "data of type LOC is expected as '\\# LENGTH HEX'"},
  };
  for (const auto& [text, error] : kCases) {
    const auto record = parse_record(text);
    EXPECT_THAT(record ? "taken" : record.error(), HasSubstr(error)) << text;
  }
}

}  // namespace
}  // namespace nld::plugins::testing
