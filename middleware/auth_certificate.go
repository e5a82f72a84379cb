package middleware

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// CertificateOptions changes what [ClientCertificate] does. The zero value of each field
// is its default.
type CertificateOptions struct {
	// LoadBalancer believes the headers in which an Application Load Balancer tells of
	// the certificate, X-Amzn-Mtls-Clientcert-Leaf and those beside it. Set it if every
	// listener that forwards to the function has mutual TLS in the mode "verify", and
	// only then: where it has not, a client can write them. They are read of requests
	// that came through a load balancer and of no others. Default: they are not read.
	LoadBalancer bool
	// Roots are authorities of which one must have signed the certificate, for a second
	// wall behind the trust store of the front door; Intermediates come between. Default:
	// what the front door has verified is believed.
	Roots, Intermediates *x509.CertPool
	// ID of a caller. Default: the distinguished name of the subject, as the front door
	// writes it. It must be different for certificates of two callers.
	ID func(cert handler.Certificate) string
	// Optional lets requests without a certificate pass, with the caller that the front
	// door verified otherwise, if it did. A certificate that is not accepted is refused
	// all the same.
	Optional bool
	// Now is the clock for certificates that expire. Default time.Now.
	Now func() time.Time
}

// ClientCertificate lets in who has a certificate that the front door has verified
// (mutual TLS): API Gateway behind a custom domain name, a load balancer if
// [CertificateOptions].LoadBalancer says so, and a server of net/http that asks for one.
//
//	no certificate                                401, code "unauthenticated"
//	one that has expired or is not of the Roots   401, code "invalid_certificate"
//
// Claims of the caller are "subject", "issuer" and "serial", as the front door writes
// them. Neither API Gateway nor this asks whether a certificate was revoked: short lives
// are for that, or [Allow]. It is for requests. opts may be nil.
//
// Panics with a [*datastore.DeclarationError] if there are Intermediates without Roots.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html
// and https://docs.aws.amazon.com/elasticloadbalancing/latest/application/mutual-authentication.html
func ClientCertificate(opts *CertificateOptions) handler.Middleware {
	c := &certificateAuth{}
	if opts != nil {
		c.CertificateOptions = *opts
	}
	if c.Intermediates != nil && c.Roots == nil {
		misdeclared("ClientCertificate: there are Intermediates and no Roots, so nothing would be verified; set both or none")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.ID == nil {
		c.ID = func(cert handler.Certificate) string { return cert.Subject }
	}
	none := unauthenticated("unauthenticated", "this takes a client certificate", "")
	if c.Optional {
		none = nil
	}
	return identify(c.identify, none)
}

type certificateAuth struct{ CertificateOptions }

func (c *certificateAuth) identify(_ context.Context, req *handler.Request) (caller handler.Caller, ok bool, err error) {
	cert := req.ClientCertificate()
	if c.LoadBalancer && req.Facts().FrontDoor == "alb" {
		if cert, err = balancerCertificate(req); err != nil {
			return caller, false, invalidCertificate(err)
		}
	}
	if cert.IsZero() {
		return caller, false, nil
	}
	if err := c.check(cert); err != nil {
		return caller, false, invalidCertificate(err)
	}
	id := c.ID(cert)
	if id == "" {
		return caller, false, invalidCertificate(errNobody)
	}
	return handler.Caller{Kind: handler.CallerCertificate, ID: id, Claims: map[string]string{
		"subject": cert.Subject, "issuer": cert.Issuer, "serial": cert.Serial,
	}}, true, nil
}

var (
	errNobody            = errors.New("certificate: it names nobody")
	errCertificateTime   = errors.New("certificate: it has expired, or does not begin yet")
	errCertificateForm   = errors.New("certificate: what the front door says of it is not of the form that it has")
	errSeveralCertHeader = errors.New("certificate: a header of it is there more than once")
)

func invalidCertificate(cause error) error {
	return unauthenticated("invalid_certificate", "the client certificate is not accepted", "").Wrap(cause)
}

// check looks at the times, because a connection may outlive its certificate, and at who
// has signed it.
func (c *certificateAuth) check(cert handler.Certificate) error {
	now := c.Now()
	if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return errCertificateTime
	}
	if c.Roots == nil {
		return nil
	}
	leaf, err := parseCertificate(cert.PEM)
	if err != nil {
		return err
	}
	_, err = leaf.Verify(x509.VerifyOptions{Roots: c.Roots, Intermediates: c.Intermediates, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	return err
}

func parseCertificate(text string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errCertificateForm
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, errCertificateForm
	}
	return cert, nil
}

// maxCertificate is how long a certificate in a header may be, in bytes.
const maxCertificate = 32 << 10

// balancerCertificate is what a load balancer says of a certificate that it has
// verified. What it only passes on (X-Amzn-Mtls-Clientcert) is not read.
func balancerCertificate(req *handler.Request) (cert handler.Certificate, err error) {
	const prefix = "X-Amzn-Mtls-Clientcert-"
	var leaf, validity string
	for _, part := range [...]struct {
		name string
		to   *string
	}{{"Leaf", &leaf}, {"Subject", &cert.Subject}, {"Issuer", &cert.Issuer}, {"Serial-Number", &cert.Serial}, {"Validity", &validity}} {
		values := req.HeaderValues(prefix + part.name)
		switch {
		case len(values) > 1:
			return handler.Certificate{}, errSeveralCertHeader
		case len(values) == 1 && len(values[0]) > maxCertificate:
			return handler.Certificate{}, errCertificateForm
		case len(values) == 1:
			*part.to = values[0]
		}
	}
	if leaf == "" && cert == (handler.Certificate{}) && validity == "" {
		return cert, nil
	}
	if cert.PEM, err = url.PathUnescape(leaf); err != nil {
		return handler.Certificate{}, errCertificateForm
	}
	if cert.NotBefore, cert.NotAfter, err = validityOf(validity); err != nil {
		return handler.Certificate{}, err
	}
	return cert, nil
}

// validityOf reads "NotBefore=2026-01-02T03:04:05Z;NotAfter=2027-01-02T03:04:05Z".
func validityOf(text string) (notBefore, notAfter time.Time, err error) {
	from, to, ok := strings.Cut(text, ";")
	from, ok1 := strings.CutPrefix(strings.TrimSpace(from), "NotBefore=")
	to, ok2 := strings.CutPrefix(strings.TrimSpace(to), "NotAfter=")
	notBefore, err1 := time.Parse(time.RFC3339, from)
	notAfter, err2 := time.Parse(time.RFC3339, to)
	if !ok || !ok1 || !ok2 || err1 != nil || err2 != nil {
		return time.Time{}, time.Time{}, errCertificateForm
	}
	return notBefore, notAfter, nil
}
