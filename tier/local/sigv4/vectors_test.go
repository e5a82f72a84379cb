package sigv4_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
)

// The published vectors: the aws4 test suite, the examples of the IAM guide and
// of the S3 API reference. Each is a request and the signature that AWS gives.

const (
	suiteKey    = "AKIDEXAMPLE"
	suiteSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	suiteTime   = "20150830T123600Z"
	suiteToken  = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"
	stsToken    = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
	formHash    = "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"
	unreserved  = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// vector is a request of the suite; want is its signature. Header lines are
// "name:value".
type vector struct {
	name          string
	method        string
	path          string
	query         string
	header        []string
	body          string
	token         string
	signedHeaders string
	want          string
}

var suite = []vector{ // T230, SIG-01
	{name: "get-vanilla", path: "/", want: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{name: "post-vanilla", method: "POST", path: "/", want: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	{name: "get-header-key-duplicate", path: "/", header: []string{"My-Header1:value2", "My-Header1:value2", "My-Header1:value1"},
		signedHeaders: "host;my-header1;x-amz-date", want: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
	// The suite reads each line of a folded value as a value; HTTP forbids folding.
	{name: "get-header-value-multiline", path: "/", header: []string{"My-Header1:value1", "My-Header1:  value2", "My-Header1:     value3"},
		signedHeaders: "host;my-header1;x-amz-date", want: "ba17b383a53190154eb5fa66a1b836cc297cc0a3d70a5d00705980573d8ff790"},
	{name: "get-header-value-order", path: "/", header: []string{"My-Header1:value4", "My-Header1:value1", "My-Header1:value3", "My-Header1:value2"},
		signedHeaders: "host;my-header1;x-amz-date", want: "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
	{name: "get-header-value-trim", path: "/", header: []string{"My-Header1: value1", `My-Header2: "a   b   c"`}, // T235
		signedHeaders: "host;my-header1;my-header2;x-amz-date", want: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
	{name: "post-header-key-sort", method: "POST", path: "/", header: []string{"My-Header1:value1"},
		signedHeaders: "host;my-header1;x-amz-date", want: "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
	{name: "get-relative-relative", path: "/example1/example2/../..", want: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{name: "get-slash-pointless-dot", path: "/./example", want: "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
	{name: "get-slashes", path: "//example//", want: "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
	{name: "get-space", path: "/example space/", want: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
	{name: "get-unreserved", path: "/" + unreserved, want: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
	{name: "get-utf8", path: "/ሴ", want: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
	{name: "get-vanilla-empty-query-key", path: "/", query: "Param1=value1", want: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
	{name: "get-vanilla-query-order-encoded", path: "/", query: "Param-3=Value3&Param=Value2&%E1%88%B4=Value1", want: "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
	{name: "get-vanilla-query-order-key-case", path: "/", query: "Param2=value2&Param1=value1", want: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
	{name: "get-vanilla-query-unreserved", path: "/", query: unreserved + "=" + unreserved, want: "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
	{name: "get-vanilla-utf8-query", path: "/", query: "ሴ=bar", want: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
	{name: "get-vanilla-with-session-token", path: "/", header: []string{"X-Amz-Security-Token:" + suiteToken}, token: suiteToken,
		signedHeaders: "host;x-amz-date;x-amz-security-token", want: "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
	{name: "post-sts-header-before", method: "POST", path: "/", header: []string{"X-Amz-Security-Token:" + stsToken}, token: stsToken,
		signedHeaders: "host;x-amz-date;x-amz-security-token", want: "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
	{name: "post-x-www-form-urlencoded", method: "POST", path: "/", body: "Param1=value1",
		header:        []string{"Content-Type:application/x-www-form-urlencoded", "Content-Length:13", "x-amz-content-sha256:" + formHash},
		signedHeaders: "content-length;content-type;host;x-amz-content-sha256;x-amz-date", want: "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"},
	{name: "post-x-www-form-urlencoded-parameters", method: "POST", path: "/", body: "Param1=value1",
		header:        []string{"Content-Type:application/x-www-form-urlencoded; charset=utf-8", "Content-Length:13", "x-amz-content-sha256:" + formHash},
		signedHeaders: "content-length;content-type;host;x-amz-content-sha256;x-amz-date", want: "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422"},
	{name: "query form with a token", path: "/", token: suiteToken,
		query: "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Expires=3600&X-Amz-Security-Token=" + suiteToken,
		want:  "7ff2b50b376cb4d151970630573d6291dc128cc5c2a12ffb237f73cc53f67b6c"},
	{name: "query form with a name in UTF-8", path: "/",
		query: "ሴ=bar&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Expires=3600",
		want:  "0bdd809b1519ac4f0c1dc3540e2cc46bd0c7f778eda408b2ebf3b913d21ff600"},
}

func (v vector) request() *sigv4.Request {
	r := &sigv4.Request{Method: v.method, Host: "example.amazonaws.com", Path: v.path, Query: v.query, Header: http.Header{}, Body: []byte(v.body)}
	if r.Method == "" {
		r.Method = "GET"
	}
	for _, line := range v.header {
		name, value, _ := strings.Cut(line, ":")
		r.Header.Add(name, value)
	}
	if strings.Contains(v.query, "X-Amz-Algorithm") {
		r.Query += "&X-Amz-Signature=" + v.want
		return r
	}
	r.Header.Set("X-Amz-Date", suiteTime)
	signed := v.signedHeaders
	if signed == "" {
		signed = "host;x-amz-date"
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+suiteKey+"/20150830/us-east-1/service/aws4_request, SignedHeaders="+signed+", Signature="+v.want)
	return r
}

func TestSuite(t *testing.T) {
	t.Parallel()
	for _, v := range suite {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			keys := sigv4.Static(sigv4.Credentials{AccessKey: suiteKey, Secret: suiteSecret, SessionToken: v.token})
			verifier := sigv4.NewVerifier("service", "us-east-1", keys, &sigv4.Options{Now: at(t, suiteTime)})
			got, err := verifier.Verify(context.Background(), v.request())
			if err != nil {
				t.Fatalf("Verify: %v\n%s", err, detail(err))
			}
			if got.AccessKey != suiteKey || !got.At.Equal(at(t, suiteTime)()) {
				t.Errorf("Verify = %+v", got)
			}
		})
	}
}

// TestExamplesOfAWS: the worked examples of the documentation.
// See https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html.
func TestExamplesOfAWS(t *testing.T) {
	t.Parallel()
	const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	s3 := func(method, path, query, signed, signature, body string, header http.Header) *sigv4.Request {
		header.Set("X-Amz-Date", "20130524T000000Z")
		if header.Get("X-Amz-Content-Sha256") == "" {
			header.Set("X-Amz-Content-Sha256", emptyHash)
		}
		header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders="+signed+",Signature="+signature)
		return &sigv4.Request{Method: method, Host: "examplebucket.s3.amazonaws.com", Path: path, Query: query, Header: header, Body: []byte(body)}
	}
	tests := []struct {
		name, service, key, secret, time string
		request                          *sigv4.Request
	}{
		{"iam ListUsers", "iam", suiteKey, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", suiteTime, &sigv4.Request{
			Method: "GET", Host: "iam.amazonaws.com", Path: "/", Query: "Action=ListUsers&Version=2010-05-08",
			Header: http.Header{
				"Content-Type":  {"application/x-www-form-urlencoded; charset=utf-8"},
				"X-Amz-Date":    {suiteTime},
				"Authorization": {"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"},
			},
		}},
		{"s3 get object", "s3", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524T000000Z",
			s3("GET", "/test.txt", "", "host;range;x-amz-content-sha256;x-amz-date", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41", "",
				http.Header{"Range": {"bytes=0-9"}})},
		{"s3 put object", "s3", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524T000000Z",
			s3("PUT", "/test$file.text", "", "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd", "Welcome to Amazon S3.",
				http.Header{
					"Date": {"Fri, 24 May 2013 00:00:00 GMT"}, "X-Amz-Storage-Class": {"REDUCED_REDUNDANCY"},
					"X-Amz-Content-Sha256": {"44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"},
				})},
		{"s3 get bucket lifecycle", "s3", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524T000000Z",
			s3("GET", "/", "lifecycle", "host;x-amz-content-sha256;x-amz-date", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543", "", http.Header{})},
		{"s3 list objects", "s3", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524T000000Z",
			s3("GET", "/", "max-keys=2&prefix=J", "host;x-amz-content-sha256;x-amz-date", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7", "", http.Header{})},
		{"s3 presigned", "s3", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524T235959Z", &sigv4.Request{
			Method: "GET", Host: "examplebucket.s3.amazonaws.com", Path: "/test.txt",
			Query: "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			secret := tt.secret
			if tt.service == "iam" {
				secret = suiteSecret
			}
			keys := sigv4.Static(sigv4.Credentials{AccessKey: tt.key, Secret: secret})
			verifier := sigv4.NewVerifier(tt.service, "us-east-1", keys, &sigv4.Options{Now: at(t, tt.time)})
			if _, err := verifier.Verify(context.Background(), tt.request); err != nil {
				t.Errorf("Verify: %v\n%s", err, detail(err))
			}
		})
	}
}

// at is a clock that stands.
func at(t testing.TB, stamp string) func() time.Time {
	t.Helper()
	when, err := time.Parse("20060102T150405Z", stamp)
	if err != nil {
		t.Fatal(err)
	}
	return func() time.Time { return when }
}
