package handler

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"strings"
	"time"
)

// Certificate is what the front door says of the client's certificate, after it has
// verified it (mutual TLS). The zero value is none.
//
// API Gateway does so behind a custom domain name whose trust store has the
// authorities. It checks no revocation, and its other domain name, the one that it
// made itself, asks for no certificate unless it is switched off.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html
type Certificate struct {
	// PEM is the certificate itself, in PEM.
	PEM string
	// Subject and Issuer are their distinguished names, as the front door writes
	// them: in which order, and with which separators, depends on it.
	Subject, Issuer string
	// Serial is the serial number: "a1:b2:0c".
	Serial string
	// NotBefore and NotAfter are from when to when it is valid.
	NotBefore, NotAfter time.Time
}

// IsZero reports whether there is no certificate.
func (c Certificate) IsZero() bool { return c == Certificate{} }

// Certified is an [Event] whose front door verifies certificates of clients.
type Certified interface {
	Event
	// ClientCertificate that was verified; zero for none.
	ClientCertificate() Certificate
}

// ClientCertificate is the client's certificate, if the front door asked for one and
// has verified it, and else zero. It is never read from headers, which a client can
// write: for those of a load balancer see middleware.ClientCertificate.
func (r *Request) ClientCertificate() Certificate {
	if e, ok := r.event.(Certified); ok {
		return e.ClientCertificate()
	}
	return Certificate{}
}

// certificateOf is what there is to say of a certificate.
func certificateOf(c *x509.Certificate) Certificate {
	return Certificate{
		PEM:     string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})),
		Subject: c.Subject.String(), Issuer: c.Issuer.String(), Serial: colons(c.SerialNumber.Bytes()),
		NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(),
	}
}

// colons is hexadecimal, a colon after each byte but the last.
func colons(b []byte) string {
	text := make([]string, len(b))
	for i := range b {
		text[i] = hex.EncodeToString(b[i : i+1])
	}
	return strings.Join(text, ":")
}
