package vpc

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"testing"
	"time"
)

// authority issues certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// issue makes a certificate for the hosts; for none, that of an authority, which by nil
// is signed by itself.
func issue(t *testing.T, by *authority, hosts ...string) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: hosts,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: len(hosts) == 0, BasicConstraintsValid: true,
	}
	parent, signer := c, key
	if by != nil {
		parent, signer = by.certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{made, key}
}

// handshake is what a client with cfg says of a server with the certificates.
func handshake(t *testing.T, cfg *tls.Config, leaf, between *authority) error {
	t.Helper()
	here, there := net.Pipe()
	defer here.Close()
	server := tls.Server(there, &tls.Config{Certificates: []tls.Certificate{{
		Certificate: [][]byte{leaf.certificate.Raw, between.certificate.Raw}, PrivateKey: leaf.key,
	}}})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer there.Close()
		_ = server.HandshakeContext(context.Background()) // the client tells
	}()
	err := tls.Client(here, cfg).HandshakeContext(t.Context())
	here.Close()
	<-ended
	return err
}

// TestTrustOfProxies: an endpoint of RDS Proxy has a certificate of Amazon Trust
// Services, by way of another authority, and not one of RDS. It is trusted for its own
// name alone.
func TestTrustOfProxies(t *testing.T) {
	t.Parallel()
	root := issue(t, nil)
	between := issue(t, root)
	amazon := x509.NewCertPool()
	amazon.AddCert(root.certificate)
	const (
		proxy  = "main.proxy-abc.eu-central-1.rds.amazonaws.com"
		reader = "main-reader.endpoint.proxy-abc.eu-central-1.rds.amazonaws.com"
	)
	stranger := issue(t, nil)
	for _, tt := range []struct {
		name, host string
		leaf       *authority
		want       bool
	}{
		{"proxy", proxy, issue(t, between, proxy), true},
		{"its reader endpoint", reader, issue(t, between, proxy, reader), true},
		{"another name", reader, issue(t, between, proxy), false},
		{"another authority", proxy, issue(t, stranger, proxy), false},
	} {
		cfg, err := trust(tt.host, "", amazon)
		if err != nil {
			t.Fatal(err)
		}
		err = handshake(t, cfg, tt.leaf, between)
		if refused := (*tls.CertificateVerificationError)(nil); (err == nil) != tt.want || err != nil && !errors.As(err, &refused) {
			t.Errorf("%s: handshake = %v, want trust: %v", tt.name, err, tt.want)
		}
	}
}
