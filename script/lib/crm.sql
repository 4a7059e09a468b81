-- What the bench looks through: 8,000 companies, 100,000 contacts of nobody, 1,000,000 interactions.
INSERT INTO companies (id,name,domain,city,industry,created_at,updated_at)
SELECT md5('c'||g)::uuid, (ARRAY['Centro','Grupo','Clínica','Estudio','Taller','Instituto','Red','Casa'])[1+g%8]||' '||(ARRAY['Sol','Andes','Norte','Verde','Río','Luz','Prado','Mar','Nube','Cumbre'])[1+(g/8)%10]||' '||g, 'c'||g||'.example', (ARRAY['Bogotá','Medellín','Cali','Quito','Lima','México','Madrid','Santiago'])[1+g%8], (ARRAY['Salud','Software','Comercio','Educación'])[1+g%4], now()-(g||' minutes')::interval, now()-(g||' minutes')::interval
FROM generate_series(1,8000) g;
INSERT INTO contacts (id,first_name,last_name,email,phone,title,company_id,city,lifecycle,owner_id,tags,usage_user_id,created_at,updated_at)
SELECT md5('k'||g)::uuid, (ARRAY['Mariana','José','Lucía','Andrés','Sofía','Martín','Valentina','Camilo','Ñusta','Íñigo','Ana','Carlos'])[1+g%12], (ARRAY['Solís','García','Núñez','Prado','Beltrán','Mejía','Quintero','Rojas','López','Zúñiga','Díaz','Ortega','Peña'])[1+(g/12)%13]||' '||g, 'k'||g||'@c'||(1+g%8000)||'.example', '+57 3'||lpad((g*7919%1000000000)::text,9,'0'), (ARRAY['Directora médica','CEO','Gerente','Analista',NULL])[1+g%5], md5('c'||(1+g%8000))::uuid, (ARRAY['Bogotá','Medellín','Cali','Quito','Lima','México','Madrid','Santiago'])[1+g%8], (ARRAY['prospect','trial','customer','former'])[1+g%4], NULL, CASE WHEN g%5=0 THEN ARRAY['VIP'] WHEN g%7=0 THEN ARRAY['clínica','piloto'] ELSE '{}' END, NULL, now()-(g*3||' minutes')::interval, now()-(g||' minutes')::interval
FROM generate_series(1,100000) g;
INSERT INTO interactions (id,kind,direction,at,duration_s,subject,body,sentiment,contact_id,created_at,updated_at)
SELECT gen_random_uuid(), (ARRAY['call','email','note','meeting'])[1+g%4], CASE WHEN g%4=2 THEN NULL ELSE (ARRAY['in','out'])[1+g%2] END, now()-(g||' seconds')::interval*20, CASE WHEN g%4=0 THEN 600 END, 'Asunto '||g, 'Quiere sumar a dos personas de admisiones antes de enero.', (ARRAY['positive','neutral','negative'])[1+g%3], md5('k'||(1+g%100000))::uuid, now(), now()
FROM generate_series(1,1000000) g;
ANALYZE contacts, companies, interactions;
