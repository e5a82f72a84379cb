package template_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

const zone = "Z0123456789ABCDEFGHIJ"

// watchedSite is a site with a web ACL, access logs and DNS records, and an API with a
// record of its own.
func watchedSite(*datastore.Data) *tier.App {
	app := tier.New("shop")
	orders := app.API("orders")
	orders.Handle("GET /orders/{id}", handler.New(get))
	orders.Domain(tier.Domain{Name: "api.shop.example", Certificate: "arn:aws:acm:eu-west-1:123456789012:certificate/0b8f7a52-6f0c-4f0e-9a3e-2f4d6b1c9e77", BasePath: "orders"})
	news := app.API("news", tier.HTTP)
	news.Handle("GET /", handler.New(list))
	news.Domain(tier.Domain{Name: "api.shop.example", Certificate: "arn:aws:acm:eu-west-1:123456789012:certificate/0b8f7a52-6f0c-4f0e-9a3e-2f4d6b1c9e77", BasePath: "news", Zone: zone})
	web := app.Site("web", tier.SiteOptions{Folder: "web/dist", SPA: true})
	web.API("/api", orders)
	web.Domain(edgeCertificate, "shop.example", "www.shop.example")
	web.Zone(zone)
	web.AccessLog(tier.SiteLog{Days: 90})
	web.WAF(tier.WAF{Existing: true})
	return app
}

// TestSiteEdge: what is declared for the edge is in the template, and nothing of it
// otherwise.
func TestSiteEdge(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(sam(t, watchedSite), &d); err != nil {
		t.Fatal(err)
	}
	records := map[string]any{}
	for id, r := range d.Resources {
		if r.Type == "AWS::Route53::RecordSet" {
			target := r.Properties["AliasTarget"].(map[string]any)
			records[id] = []any{r.Properties["Name"], r.Properties["Type"], r.Properties["HostedZoneId"], target["DNSName"], target["HostedZoneId"]}
		}
	}
	edge := map[string]any{"Fn::GetAtt": []any{"WebSite", "DomainName"}}
	const everyDistribution = "Z2FDTNDATAQYW2"
	if diff := cmp.Diff(map[string]any{
		"ShopExampleARecord":       []any{"shop.example", "A", zone, edge, everyDistribution},
		"ShopExampleAAAARecord":    []any{"shop.example", "AAAA", zone, edge, everyDistribution},
		"WwwShopExampleARecord":    []any{"www.shop.example", "A", zone, edge, everyDistribution},
		"WwwShopExampleAAAARecord": []any{"www.shop.example", "AAAA", zone, edge, everyDistribution},
		"ApiShopExampleARecord": []any{"api.shop.example", "A", zone,
			map[string]any{"Fn::GetAtt": []any{"ApiShopExampleDomain", "RegionalDomainName"}}, map[string]any{"Fn::GetAtt": []any{"ApiShopExampleDomain", "RegionalHostedZoneId"}}},
	}, records); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	config := d.Resources["WebSite"].Properties["DistributionConfig"].(map[string]any)
	if diff := cmp.Diff(map[string]any{
		"Bucket": map[string]any{"Fn::GetAtt": []any{"WebSiteLogs", "DomainName"}}, "IncludeCookies": false,
		"Prefix": map[string]any{"Fn::Sub": "${AWS::StackName}/web/"},
	}, config["Logging"]); diff != "" {
		t.Errorf("logs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"Ref": "WebSiteWebAcl"}, config["WebACLId"]); diff != "" {
		t.Errorf("web ACL (-want +got):\n%s", diff)
	}
	var plain doc
	if err := json.Unmarshal(sam(t, webShop), &plain); err != nil {
		t.Fatal(err)
	}
	config = plain.Resources["WebSite"].Properties["DistributionConfig"].(map[string]any)
	if config["Logging"] != nil || config["WebACLId"] != nil {
		t.Errorf("a site without logs and web ACL has %v, %v", config["Logging"], config["WebACLId"])
	}
}

// TestSiteLogElsewhere: logs in a bucket that there is need none of the stack.
func TestSiteLogElsewhere(t *testing.T) {
	t.Parallel()
	var d struct {
		doc
		Parameters map[string]any
	}
	if err := json.Unmarshal(sam(t, func(*datastore.Data) *tier.App {
		app := tier.New("shop")
		app.Site("web", tier.SiteOptions{Folder: "web/dist"}).AccessLog(tier.SiteLog{Existing: true})
		return app
	}), &d); err != nil {
		t.Fatal(err)
	}
	config := d.Resources["WebSite"].Properties["DistributionConfig"].(map[string]any)
	bucket := config["Logging"].(map[string]any)["Bucket"]
	if _, made := d.Resources["WebSiteLogs"]; made || d.Parameters["WebSiteLogBucket"] == nil || !cmp.Equal(bucket, map[string]any{"Ref": "WebSiteLogBucket"}) {
		t.Errorf("logs go to %v, parameters %v", bucket, d.Parameters)
	}
}

// TestDeployerOfSiteEdge: who deploys makes records in the zone that is declared and in no
// other, and has CloudFront write into buckets of the stack alone.
func TestDeployerOfSiteEdge(t *testing.T) {
	t.Parallel()
	text, _ := deployerOf(t, watchedSite, template.Deployer{Stack: stack})
	for _, want := range []string{":hostedzone/" + zone, "s3:PutBucketAcl", "wafv2:GetWebACL"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the role that deploys has no %s", want)
		}
	}
	if strings.Contains(string(text), ":hostedzone/*") {
		t.Error("the role that deploys makes records in every zone")
	}
	text, _ = deployerOf(t, webShop, template.Deployer{Stack: stack})
	for _, not := range []string{"route53:", "s3:PutBucketAcl", "wafv2:GetWebACL"} {
		if strings.Contains(string(text), not) {
			t.Errorf("the role that deploys a site without them has %s", not)
		}
	}
}
