-- Run once by the postgres image in a new cluster, as superuser (docker-compose.yml, "postgres").
-- The service owns its database and is nothing more. The order of texts is by code point: decision 10.
\set password `cat /run/secrets/database-password`
CREATE ROLE evidence LOGIN PASSWORD :'password';
CREATE DATABASE evidence OWNER evidence TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
REVOKE ALL ON DATABASE evidence FROM PUBLIC;
