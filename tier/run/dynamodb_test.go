package run_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// dynamoDB makes a table on an independent server and returns the environment of
// a function that uses it.
func dynamoDB(t *testing.T, variable, name string) []string {
	t.Helper()
	endpoint := os.Getenv(variable)
	if endpoint == "" {
		if os.Getenv("TIERKIT_TEST_SERVERS") == "require" {
			t.Fatalf("%s is not set and TIERKIT_TEST_SERVERS is require", variable)
		}
		t.Skipf("%s is not set: not tried on that server", variable)
	}
	client := dynamodb.New(dynamodb.Options{
		Region: "eu-west-1", BaseEndpoint: &endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name})
	})
	return []string{
		"AWS_ENDPOINT_URL_DYNAMODB=" + endpoint, "TIERKIT_TABLE_ORDERS=" + name, "AWS_REGION=eu-west-1",
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
	}
}

// TestWholeWay: the quickstart's Lambda binary with a table on a server that is
// not ours, behind each front door.
func TestWholeWay(t *testing.T) {
	t.Parallel()
	for server, variable := range map[string]string{"moto": "TIERKIT_TEST_MOTO", "dynalite": "TIERKIT_TEST_DYNALITE"} {
		t.Run(server, func(t *testing.T) {
			t.Parallel()
			_, rt := function(t, buildFunction(t, "./examples/quickstart"), dynamoDB(t, variable, "whole-way-"+server)...)
			place := handlertest.Request("POST", "/orders", handlertest.Body("application/json", []byte(order)))
			if answer := invoke(t, rt, handlertest.RESTEvent(place)); answer.Status != 201 {
				t.Fatalf("POST = %d %s", answer.Status, answer.Body)
			}
			for _, ev := range handlertest.Events(place) {
				if answer := invoke(t, rt, ev.Payload); answer.Status != 409 {
					t.Errorf("%s: second POST = %d %s", ev.Door, answer.Status, answer.Body)
				}
			}
			for _, ev := range handlertest.Events(handlertest.Request("GET", "/orders/"+orderID)) {
				if answer := invoke(t, rt, ev.Payload); answer.Status != 200 || !strings.Contains(string(answer.Body), "ada@shop.example") {
					t.Errorf("%s: GET = %d %s", ev.Door, answer.Status, answer.Body)
				}
			}
			unknown := "/orders/1b8f7a52-6f0c-4f0e-9a3e-2f4d6b1c9e77"
			for _, ev := range handlertest.Events(handlertest.Request("GET", unknown)) {
				if answer := invoke(t, rt, ev.Payload); answer.Status != 404 {
					t.Errorf("%s: GET = %d %s", ev.Door, answer.Status, answer.Body)
				}
			}
		})
	}
}

// TestServeAWS: serve -data aws uses the drivers that main names.
func TestServeAWS(t *testing.T) {
	t.Parallel()
	env := dynamoDB(t, "TIERKIT_TEST_MOTO", "serve-aws")
	p := start(t, env, buildTool(t, "./examples/quickstart"), "serve", "-port", "0", "-data", "aws")
	line := p.until(t, "http://127.0.0.1:")
	url := strings.TrimSpace(line[strings.Index(line, "http://"):])
	if status, problem := send(t, "POST", url+"/orders", "application/json", order); status != 201 {
		t.Errorf("POST = %d %+v\n%s", status, problem, p.stderr)
	}
	if status, problem := send(t, "GET", url+"/orders/"+orderID, "", ""); status != 200 {
		t.Errorf("GET = %d %+v", status, problem)
	}
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
}
