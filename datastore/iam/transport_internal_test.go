package iam

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// TestAmazonRoots compares the embedded certificates with the hashes of their
// public keys that Amazon Trust Services publishes.
//
// See https://www.amazontrust.com/repository/
func TestAmazonRoots(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"Amazon Root CA 1": "fbe3018031f9586bcbf41727e417b7d1c45c2f47f93be372a17b96b50757d5a2",
		"Amazon Root CA 2": "7f4296fc5b6a4e3b35d3c369623e364ab1af381d8fa7121533c9d6c633ea2461",
		"Amazon Root CA 3": "36abc32656acfc645c61b71613c4bf21c787f5cabbee48348d58597803d7abc9",
		"Amazon Root CA 4": "f7ecded5c66047d28ed6466b543c40e0743abe81d109254dcf845d4c2c7853c5",
		"Starfield Services Root Certificate Authority - G2": "2b071c59a0a0ae76b0eadb2bad23bad4580b69c3601b630c2eaf0613afa83f92",
	}
	for rest := amazonRoots; len(bytes.TrimSpace(rest)) > 0; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			t.Fatal("the file has something that is no certificate")
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		name := cert.Subject.CommonName
		sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
		if got := hex.EncodeToString(sum[:]); got != want[name] {
			t.Errorf("public key of %q has the hash %s, want %s", name, got, want[name])
		}
		if err := cert.CheckSignatureFrom(cert); err != nil {
			t.Errorf("%q is not signed by itself: %v", name, err)
		}
		// The chain as a client builds it, by the pool that is used.
		_, err = cert.Verify(x509.VerifyOptions{Roots: amazonPool(), CurrentTime: cert.NotBefore.Add(time.Hour)})
		if err != nil {
			t.Errorf("%q does not verify by the pool: %v", name, err)
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("certificates that are missing: %v", want)
	}
}

// TestTLSFallback: the first pool's word is enough; what it does not know is
// verified by the system's certificates; what neither knows is refused, and so
// is another host's certificate.
func TestTLSFallback(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	known := x509.NewCertPool()
	known.AddCert(server.Certificate())

	// The system's certificates are read once in a process, at their first use.
	file := filepath.Join(t.TempDir(), "system.pem")
	t.Setenv("SSL_CERT_FILE", file)
	t.Setenv("SSL_CERT_DIR", t.TempDir())
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	addr := server.Listener.Addr().String()
	for name, pool := range map[string]*x509.CertPool{"first": known, "system": x509.NewCertPool()} {
		conn, err := newTLSDialer(dialer, pool).dial(t.Context(), "tcp", addr)
		if err != nil {
			t.Errorf("a server known to the %s pool: error = %v, want nil", name, err)
			continue
		}
		conn.Close()
	}

	neither := newTLSDialer(dialer, x509.NewCertPool())
	neither.system.RootCAs = x509.NewCertPool()
	if conn, err := neither.dial(t.Context(), "tcp", addr); err == nil {
		conn.Close()
		t.Error("a server that neither pool knows: error = nil, want one")
	}
	other := newTLSDialer(dialer, known)
	other.first.ServerName, other.system.ServerName = "dynamodb.eu-central-1.amazonaws.com", "dynamodb.eu-central-1.amazonaws.com"
	if conn, err := other.dial(t.Context(), "tcp", addr); err == nil {
		conn.Close()
		t.Error("a server with another host's certificate: error = nil, want one")
	}
}

// TestTLSFirst: a server that Amazon's roots vouch for is dialled once, and the
// system's certificates are not looked at: reading them is what takes long.
func TestTLSFirst(t *testing.T) {
	t.Parallel()
	var dials atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			dials.Add(1)
		}
	}
	server.StartTLS()
	defer server.Close()
	known := x509.NewCertPool()
	known.AddCert(server.Certificate())
	for name, c := range map[string]struct {
		first *x509.CertPool
		want  int32
	}{"known": {known, 1}, "unknown": {x509.NewCertPool(), 2}} {
		dials.Store(0)
		d := newTLSDialer(&net.Dialer{Timeout: 5 * time.Second}, c.first)
		if d.first.RootCAs != c.first || d.system.RootCAs != nil {
			t.Fatalf("%s: a dialer by %v then %v, want the pool and then the system's", name, d.first.RootCAs, d.system.RootCAs)
		}
		d.system.RootCAs = known // in place of the system's
		conn, err := d.dial(t.Context(), "tcp", server.Listener.Addr().String())
		if err != nil {
			t.Errorf("%s: error = %v, want nil", name, err)
			continue
		}
		conn.Close()
		if got := dials.Load(); got != c.want {
			t.Errorf("%s: %d connections, want %d", name, got, c.want)
		}
	}
}

func TestThawing(t *testing.T) {
	t.Parallel()
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	now := time.Unix(1_000_000, 0)
	client := &http.Client{Transport: &thawing{Transport: &http.Transport{}, now: func() time.Time { return now }}}
	for _, c := range []struct {
		gap  time.Duration
		want int32
	}{
		{0, 1}, {time.Second, 1}, {19 * time.Second, 1}, {21 * time.Second, 2}, {time.Second, 2}, {-time.Hour, 3},
	} {
		now = now.Add(c.gap)
		resp, err := client.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := connections.Load(); got != c.want {
			t.Errorf("after a gap of %v: %d connections so far, want %d", c.gap, got, c.want)
		}
	}
}

func TestHTTPClientTrustsAmazonFirst(t *testing.T) {
	t.Parallel()
	transport, ok := HTTPClient().Transport.(*thawing)
	if !ok || transport.DialTLSContext == nil || transport.ResponseHeaderTimeout == 0 || transport.Proxy == nil {
		t.Errorf("HTTPClient has the transport %+v, want one that thaws, with its own TLS, a timeout and a proxy", transport)
	}
	if patient, ok := PatientHTTPClient().Transport.(*thawing); !ok || patient.DialTLSContext == nil || patient.ResponseHeaderTimeout != 0 {
		t.Errorf("PatientHTTPClient has the transport %+v, want the same without a timeout", patient)
	}
}
