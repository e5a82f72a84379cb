package middleware_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// authority signs certificates of clients.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB, name string) *authority {
	t.Helper()
	a := &authority{}
	a.cert, a.key = issue(t, nil, &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

func issue(t testing.TB, by *authority, c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.NotBefore, c.NotAfter = authNow.Add(-time.Hour), authNow.Add(time.Hour)
	parent, signer := c, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func (a *authority) client(t testing.TB, name string, usage x509.ExtKeyUsage) handler.Certificate {
	cert, _ := issue(t, a, &x509.Certificate{SerialNumber: big.NewInt(0xa1b2), Subject: pkix.Name{CommonName: name}, ExtKeyUsage: []x509.ExtKeyUsage{usage}})
	return handler.Certificate{
		PEM:     string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})),
		Subject: cert.Subject.String(), Issuer: cert.Issuer.String(), Serial: "a1:b2", NotBefore: cert.NotBefore, NotAfter: cert.NotAfter,
	}
}

func TestClientCertificate(t *testing.T) {
	t.Parallel()
	ours, theirs := newAuthority(t, "ours"), newAuthority(t, "theirs")
	roots := x509.NewCertPool()
	roots.AddCert(ours.cert)
	ada := ours.client(t, "ada", x509.ExtKeyUsageClientAuth)
	stranger := theirs.client(t, "ada", x509.ExtKeyUsageClientAuth)
	server := ours.client(t, "ada", x509.ExtKeyUsageServerAuth)
	at := func(d time.Duration) func() time.Time { return func() time.Time { return authNow.Add(d) } }
	garbage := ada
	garbage.PEM = "no PEM"
	nobody := ada
	nobody.Subject = ""
	for _, c := range []struct {
		name   string
		opts   middleware.CertificateOptions
		cert   handler.Certificate
		status int
		code   string
	}{
		{"a certificate", middleware.CertificateOptions{}, ada, 204, ""},
		{"none", middleware.CertificateOptions{}, handler.Certificate{}, 401, "unauthenticated"},
		{"none, optional", middleware.CertificateOptions{Optional: true}, handler.Certificate{}, 204, ""},
		{"expired", middleware.CertificateOptions{Now: at(time.Hour + time.Second)}, ada, 401, "invalid_certificate"},
		{"not yet", middleware.CertificateOptions{Now: at(-time.Hour - time.Second)}, ada, 401, "invalid_certificate"},
		{"expired, optional", middleware.CertificateOptions{Now: at(2 * time.Hour), Optional: true}, ada, 401, "invalid_certificate"},
		{"without times", middleware.CertificateOptions{}, handler.Certificate{Subject: "CN=ada"}, 401, "invalid_certificate"},
		{"of nobody", middleware.CertificateOptions{}, nobody, 401, "invalid_certificate"},
		{"of our authority", middleware.CertificateOptions{Roots: roots}, ada, 204, ""},
		{"of another authority", middleware.CertificateOptions{Roots: roots}, stranger, 401, "invalid_certificate"},
		{"of a server", middleware.CertificateOptions{Roots: roots}, server, 401, "invalid_certificate"},
		{"no PEM", middleware.CertificateOptions{Roots: roots}, garbage, 401, "invalid_certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.opts.Now == nil {
				c.opts.Now = authClock
			}
			s, _, _ := wantAnswer(t, middleware.ClientCertificate(&c.opts), authGet(handlertest.ClientCertificate(c.cert)), c.status, c.code)
			if c.status == 204 && !c.opts.Optional && (s.caller.ID != "CN=ada" || s.caller.Claim("issuer") != "CN=ours" || s.caller.Claim("serial") != "a1:b2") {
				t.Errorf("caller %+v", s.caller)
			}
		})
	}
	byIssuer := &middleware.CertificateOptions{Now: authClock, ID: func(c handler.Certificate) string { return c.Issuer + "/" + c.Subject }}
	s, _, _ := wantAnswer(t, middleware.ClientCertificate(byIssuer), authGet(handlertest.ClientCertificate(ada)), 204, "")
	if s.caller.ID != "CN=ours/CN=ada" {
		t.Errorf("caller %+v", s.caller)
	}
	wantMisdeclared(t, "Intermediates and no Roots", func() {
		middleware.ClientCertificate(&middleware.CertificateOptions{Intermediates: roots})
	})
}

// balancer are the headers of a load balancer in mode verify.
func balancer(c handler.Certificate) map[string]string {
	const form = "2006-01-02T15:04:05Z"
	return map[string]string{
		"X-Amzn-Mtls-Clientcert-Leaf":    strings.NewReplacer("%2B", "+", "%3D", "=", "%2F", "/").Replace(url.PathEscape(c.PEM)),
		"X-Amzn-Mtls-Clientcert-Subject": c.Subject, "X-Amzn-Mtls-Clientcert-Issuer": c.Issuer, "X-Amzn-Mtls-Clientcert-Serial-Number": "A1B2",
		"X-Amzn-Mtls-Clientcert-Validity": "NotBefore=" + c.NotBefore.Format(form) + ";NotAfter=" + c.NotAfter.Format(form),
	}
}

// throughDoors sends a request through the doorway as each front door delivers it.
func throughDoors(t *testing.T, mw handler.Middleware, req *handler.Request) map[string]handlertest.Answer {
	t.Helper()
	d := lambda.New(mw(&seenCaller{}), nil)
	answers := map[string]handlertest.Answer{}
	for _, e := range handlertest.Events(req) {
		out, err := d.Invoke(context.Background(), e.Payload)
		if err != nil {
			t.Fatalf("%s: %v", e.Door, err)
		}
		a, err := handlertest.ReadAnswer(out)
		if err != nil {
			t.Fatalf("%s: %v", e.Door, err)
		}
		answers[e.Door] = a
	}
	return answers
}

// TestCertificateDoors: which front door tells of a certificate, and that none but a load
// balancer that is believed does so in headers.
func TestCertificateDoors(t *testing.T) {
	t.Parallel()
	ours := newAuthority(t, "ours")
	roots := x509.NewCertPool()
	roots.AddCert(ours.cert)
	ada := ours.client(t, "ada", x509.ExtKeyUsageClientAuth)
	req := authGet(handlertest.ClientCertificate(ada))
	for door, a := range throughDoors(t, middleware.ClientCertificate(&middleware.CertificateOptions{Now: authClock, Roots: roots}), req) {
		want := map[string]int{"rest": 204, "http": 204, "http-1.0": 204}[door]
		if want == 0 {
			want = 401
		}
		if a.Status != want {
			t.Errorf("%s: a certificate in the event is answered %d, want %d", door, a.Status, want)
		}
	}
	smuggled := authGet()
	for name, value := range balancer(ada) {
		smuggled = smuggled.WithHeader(name, value)
	}
	for _, name := range []string{"X-Tierkit-Caller", "X-Tierkit-Certificate", "X-Forwarded-Client-Cert", "X-Amzn-Request-Context", "X-Amzn-Oidc-Identity", "X-Golambdaproxy-Apigw-Context"} {
		smuggled = smuggled.WithHeader(name, `{"authorizer":{"principalId":"root"},"identity":{"clientCert":{"subjectDN":"CN=root"}}}`)
	}
	for door, a := range throughDoors(t, middleware.ClientCertificate(&middleware.CertificateOptions{Now: authClock}), smuggled) {
		if a.Status != 401 {
			t.Errorf("%s: headers alone are answered %d", door, a.Status)
		}
	}
	for door, a := range throughDoors(t, middleware.Require(), smuggled) {
		if a.Status != 401 {
			t.Errorf("%s: headers alone make somebody: %d", door, a.Status)
		}
	}
	for door, a := range throughDoors(t, middleware.ClientCertificate(&middleware.CertificateOptions{Now: authClock, LoadBalancer: true, Roots: roots}), smuggled) {
		if want := map[bool]int{true: 204, false: 401}[strings.HasPrefix(door, "alb")]; a.Status != want {
			t.Errorf("%s: headers of a load balancer are answered %d, want %d", door, a.Status, want)
		}
	}
}

// TestBalancerHeaders: headers that are not as a load balancer writes them are refused.
func TestBalancerHeaders(t *testing.T) {
	t.Parallel()
	ada := newAuthority(t, "ours").client(t, "ada", x509.ExtKeyUsageClientAuth)
	opts := &middleware.CertificateOptions{Now: authClock, LoadBalancer: true}
	alb := handlertest.Facts(func(f *handler.Facts) { f.FrontDoor = "alb" })
	for _, c := range []struct {
		name, header string
		values       []string
		status       int
	}{
		{"as they are", "", nil, 204},
		{"a subject twice", "X-Amzn-Mtls-Clientcert-Subject", []string{"CN=ada", "CN=root"}, 401},
		{"no subject", "X-Amzn-Mtls-Clientcert-Subject", nil, 401},
		{"no validity", "X-Amzn-Mtls-Clientcert-Validity", nil, 401},
		{"half a validity", "X-Amzn-Mtls-Clientcert-Validity", []string{"NotBefore=2026-01-01T00:00:00Z"}, 401},
		{"a validity of another form", "X-Amzn-Mtls-Clientcert-Validity", []string{"2026-01-01T00:00:00Z;2030-01-01T00:00:00Z"}, 401},
		{"a leaf that is not escaped", "X-Amzn-Mtls-Clientcert-Leaf", []string{"%zz"}, 401},
		{"a very long leaf", "X-Amzn-Mtls-Clientcert-Leaf", []string{strings.Repeat("A", 40<<10)}, 401},
	} {
		req := authGet(alb)
		for name, value := range balancer(ada) {
			req = req.WithHeader(name, value)
		}
		if c.header != "" {
			req = req.WithHeader(c.header, c.values...)
		}
		if a, err := handlertest.Do(t.Context(), middleware.ClientCertificate(opts)(&seenCaller{}), req); a.Status != c.status {
			t.Errorf("%s: answered %d (%v), want %d", c.name, a.Status, err, c.status)
		}
	}
	passed := authGet(alb, handlertest.Header("X-Amzn-Mtls-Clientcert", url.PathEscape(ada.PEM)))
	wantAnswer(t, middleware.ClientCertificate(opts), passed, 401, "unauthenticated")
}

// FuzzBalancerHeaders: no headers make it panic, and none make somebody of a certificate
// that our authority has not signed.
func FuzzBalancerHeaders(f *testing.F) {
	ours := newAuthority(f, "ours")
	roots := x509.NewCertPool()
	roots.AddCert(ours.cert)
	stranger := newAuthority(f, "theirs").client(f, "ada", x509.ExtKeyUsageClientAuth)
	headers := balancer(stranger)
	f.Add(headers["X-Amzn-Mtls-Clientcert-Leaf"], headers["X-Amzn-Mtls-Clientcert-Validity"], stranger.Subject)
	f.Add("-----BEGIN%20CERTIFICATE-----%0AAAAA%0A-----END%20CERTIFICATE-----", "NotBefore=;NotAfter=", "")
	f.Add("%", ";", "CN")
	h := middleware.ClientCertificate(&middleware.CertificateOptions{Now: authClock, LoadBalancer: true, Roots: roots})(&seenCaller{})
	f.Fuzz(func(t *testing.T, leaf, validity, subject string) {
		req := authGet(handlertest.Facts(func(f *handler.Facts) { f.FrontDoor = "alb" }), handlertest.Header("X-Amzn-Mtls-Clientcert-Leaf", leaf),
			handlertest.Header("X-Amzn-Mtls-Clientcert-Validity", validity), handlertest.Header("X-Amzn-Mtls-Clientcert-Subject", subject))
		if a, _ := handlertest.Do(t.Context(), h, req); a.Status != 401 {
			t.Fatalf("answered %d to %q, %q, %q", a.Status, leaf, validity, subject)
		}
	})
}
