package handler_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// TestClientCertificate: a server of net/http tells of the certificate that it has
// verified, and of none that it has only asked for.
func TestClientCertificate(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	from := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	draft := &x509.Certificate{SerialNumber: big.NewInt(0x0fa1b2), Subject: pkix.Name{CommonName: "ada", Organization: []string{"acme"}},
		NotBefore: from, NotAfter: from.Add(2 * time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, draft, draft, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	known := x509.NewCertPool()
	known.AddCert(cert)
	for _, c := range []struct {
		name string
		ask  tls.ClientAuthType
		show bool
		want string
	}{
		{"verified", tls.RequireAndVerifyClientCert, true, "CN=ada,O=acme"},
		{"verified if given", tls.VerifyClientCertIfGiven, false, ""},
		{"asked for alone", tls.RequireAnyClientCert, true, ""},
		{"not asked for", tls.NoClientCert, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got handler.Certificate
			h := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
				got = req.WithPath("/elsewhere").ClientCertificate()
				return &handler.Response{}, nil
			})
			server := httptest.NewUnstartedServer(handler.ToHTTP(h, nil))
			server.TLS = &tls.Config{ClientAuth: c.ask, ClientCAs: known}
			server.StartTLS()
			defer server.Close()
			client := server.Client()
			if transport, ok := client.Transport.(*http.Transport); ok && c.show {
				transport.TLSClientConfig.Certificates = []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
			}
			resp, err := client.Get(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if got.Subject != c.want || got.IsZero() != (c.want == "") {
				t.Fatalf("certificate %+v, want %q", got, c.want)
			}
			if c.want == "" {
				return
			}
			block, _ := pem.Decode([]byte(got.PEM))
			if block == nil || string(block.Bytes) != string(der) || got.Issuer != c.want || got.Serial != "0f:a1:b2" ||
				!got.NotBefore.Equal(from) || !got.NotAfter.Equal(from.Add(2*time.Hour)) {
				t.Errorf("certificate %+v", got)
			}
		})
	}
}
