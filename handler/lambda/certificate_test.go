package lambda_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// TestClientCertificate: RST-18 and HTP-09. What AWS documents of a certificate is read,
// and what a client writes is not.
func TestClientCertificate(t *testing.T) {
	t.Parallel()
	const cert = `{"clientCertPem":"P","subjectDN":"CN=ada","issuerDN":"CN=ca","serialNumber":"1","validity":{"notBefore":"May 28 12:30:02 2019 GMT","notAfter":"Aug  5 09:36:04 2021 GMT"}}`
	ada := handler.Certificate{PEM: "P", Subject: "CN=ada", Issuer: "CN=ca", Serial: "1",
		NotBefore: time.Date(2019, 5, 28, 12, 30, 2, 0, time.UTC), NotAfter: time.Date(2021, 8, 5, 9, 36, 4, 0, time.UTC)}
	private := handler.Certificate{PEM: "-----BEGIN CERTIFICATE-----\nMIIEZTCCAk0CAQEwDQ...", Serial: "1",
		Subject:   "C=US,ST=Washington,L=Seattle,O=Amazon Web Services,OU=Security,CN=My Client",
		Issuer:    "C=US,ST=Washington,L=Seattle,O=Amazon Web Services,OU=Security,CN=My Private CA",
		NotBefore: time.Date(2020, 8, 29, 0, 28, 21, 0, time.UTC), NotAfter: time.Date(2120, 8, 5, 0, 28, 21, 0, time.UTC)}
	example := ada
	example.PEM, example.Subject, example.Issuer = "CERT_CONTENT", "www.example.com", "Example issuer"
	example.Serial = "a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1"
	for _, c := range []struct {
		name, event string
		want        handler.Certificate
	}{
		{"REST, documented", string(fixture(t, "rest")), example},
		{"HTTP, documented", string(fixture(t, "http")), private},
		{"a request authorizer, documented", string(fixture(t, "unserved/authorizer-rest")), private},
		{"REST", restEvent(`"requestContext":{"identity":{"clientCert":` + cert + `}}`), ada},
		{"REST, none", restEvent(`"requestContext":{"identity":{"clientCert":null}}`), handler.Certificate{}},
		{"REST, of another type", restEvent(`"requestContext":{"identity":{"clientCert":["CN=ada"]}}`), handler.Certificate{}},
		{"REST, a time of another form", restEvent(`"requestContext":{"identity":{"clientCert":{"subjectDN":"CN=ada","validity":{"notAfter":"2021-08-05"}}}}`), handler.Certificate{Subject: "CN=ada"}},
		{"HTTP", httpEvent(`"requestContext":{"http":{"method":"GET"},"authentication":{"clientCert":` + cert + `}}`), ada},
		{"HTTP, in the place of REST", httpEvent(`"requestContext":{"http":{"method":"GET"},"identity":{"clientCert":` + cert + `}}`), handler.Certificate{}},
		{"HTTP, none", httpEvent(`"requestContext":{"http":{"method":"GET"},"authentication":null}`), handler.Certificate{}},
		{"a function URL has none", urlEvent(`"requestContext":{"domainName":"x.lambda-url.eu-central-1.on.aws","http":{"method":"GET"},"authentication":{"clientCert":` + cert + `}}`), handler.Certificate{}},
		{"outside of the context", restEvent(`"identity":{"clientCert":` + cert + `},"authentication":{"clientCert":` + cert + `}`), handler.Certificate{}},
		{"in headers", restEvent(`"headers":{"X-Amzn-Mtls-Clientcert-Subject":"CN=ada","X-Amzn-Mtls-Clientcert-Leaf":"P"}`), handler.Certificate{}},
		{"in the body", restEvent(`"body":"{\"requestContext\":{\"identity\":{\"clientCert\":{\"subjectDN\":\"CN=ada\"}}}}"`), handler.Certificate{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got handler.Certificate
			look := func(_ context.Context, req *handler.Request) (*handler.Response, error) {
				got = req.ClientCertificate()
				return &handler.Response{}, nil
			}
			check := func(ctx context.Context, check handler.Check) (handler.Verdict, error) {
				_, err := look(ctx, check.Request)
				return handler.Verdict{}, err
			}
			d := lambda.New(handler.HandlerFunc(look), &lambda.Options{Authorizer: &handler.Authorizer{Check: check}, Logger: slog.New(slog.DiscardHandler)})
			if _, err := d.Invoke(t.Context(), []byte(c.event)); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("certificate (-want +got)\n%s", d)
			}
		})
	}
}
