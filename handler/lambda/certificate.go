package lambda

import (
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
)

var _ handler.Certified = (*event)(nil)

// ClientCertificate is what API Gateway has verified behind a custom domain name with
// mutual TLS: for a REST API, a WebSocket API and payload format 1.0 in the identity,
// for format 2.0 in a place of its own. Other front doors tell none, or tell it in
// headers, which are a client's words wherever the front door does not set them.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html
// and https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html
func (e *event) ClientCertificate() handler.Certificate {
	within := span{}
	switch e.door.(type) {
	case rest, http1, socket:
		within = e.ctx.identity
	case http2:
		for name, value := range e.members(e.ctx.all) {
			if name == "authentication" {
				within = value
			}
		}
	}
	var cert handler.Certificate
	for name, value := range e.members(within) {
		if name == "clientCert" {
			cert = e.certificate(value)
		}
	}
	return cert
}

func (e *event) certificate(v span) (c handler.Certificate) {
	for name, value := range e.members(v) {
		switch name {
		case "clientCertPem":
			c.PEM = e.text(value)
		case "subjectDN":
			c.Subject = e.text(value)
		case "issuerDN":
			c.Issuer = e.text(value)
		case "serialNumber":
			c.Serial = e.text(value)
		case "validity":
			for name, value := range e.members(value) {
				switch name {
				case "notBefore":
					c.NotBefore = e.certificateTime(value)
				case "notAfter":
					c.NotAfter = e.certificateTime(value)
				}
			}
		}
	}
	return c
}

// certificateTime is a time as in "May 28 12:30:02 2019 GMT", zero for any other.
func (e *event) certificateTime(v span) time.Time {
	t, err := time.Parse("Jan _2 15:04:05 2006 GMT", e.text(v))
	if err != nil {
		return time.Time{}
	}
	return t
}
