import os, time, subprocess, sys, resource, json
from datetime import UTC, datetime
from tests.builders import SmallSite, HandClock
from tests.movable import Movable, Grown
from evidence.domain.recordings import Origin
def test_b(tmp_path, postgres_server, object_store_server, redis_server):
    data = tmp_path/"site"; data.mkdir()
    small = SmallSite(data, HandClock(datetime.now(UTC)))
    (data / "site.toml").write_text('name = "t"\npolicy = "dazhe-2020"\n')
    block = os.urandom(1<<20)
    for n in range(8):
        o = Origin("D","1",f"{n}.mp4",128<<20, small.clock.time)
        u = small.uploads.create(small.dock,o,None)
        with small.uploads.receive(small.dock,u.id,0,128<<20,None) as r:
            for i in range(128):
                r.take(bytes([n,i])+block[2:])
            r.commit()
        small.do_jobs()
    for n in range(200):
        o = Origin("D","1",f"s{n}.mp4",5000, small.clock.time)
        u = small.uploads.create(small.dock,o,None); small.put(u.id,0,block[n:n+5000])
    small.do_jobs(); small.database.close()
    site = Movable(data); grown = Grown(tmp_path, postgres_server, object_store_server, redis_server)
    out=[]
    def run(*w):
        t=time.monotonic()
        p = subprocess.Popen([sys.executable,"-m","evidence","move",*w,"--data",str(data)],stdout=subprocess.PIPE,stderr=subprocess.PIPE)
        stamps=[]
        for line in p.stderr: stamps.append((round(time.monotonic()-t,1), line.decode().strip()[:60]))
        o=p.stdout.read().decode()
        _,st,ru=os.wait4(p.pid,0)
        out.append((w[0], time.monotonic()-t, ru.ru_maxrss/1024, stamps[-12:], o[-300:]))
    run(*grown.options("database","vault","broker"))
    run("--database",f"sqlite:///{data/'b.db'}","--vault",(data/"v2").as_uri(),"--broker","embedded")
    open("/tmp/bench.txt","w").write("\n".join(map(str,out)))
